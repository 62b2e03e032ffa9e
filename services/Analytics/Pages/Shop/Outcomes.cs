using Ecom.Contracts;
using MudBlazor;

namespace Ecom.Analytics.Pages;

/// <summary>A turn that an order may take, for one click.</summary>
public sealed record Outcome(string Name, string Icon, string Explains, string? Token = null, bool IsTooMuch = false, bool IsRegretted = false, int Orders = 1)
{
    public static IReadOnlyList<Outcome> All { get; } =
    [
        new("It pays", Icons.Material.Rounded.CheckCircle, "Paid, reserved, fulfilled, and a mail", PaymentTokens.Success),
        new("Declined", Icons.Material.Rounded.CreditCardOff, "The bank declines the card: cancelled", PaymentTokens.CardDeclined),
        new("Sold out", Icons.Material.Rounded.RemoveShoppingCart, "One more than the shop has: the money goes back", PaymentTokens.Success, IsTooMuch: true),
        new("Cancelled", Icons.Material.Rounded.Undo, "The customer wants out before the payment has an answer", PaymentTokens.Timeout, IsRegretted: true),
        new("No answer", Icons.Material.Rounded.HourglassEmpty, "The gateway never answers: it waits for the deadline, or for you to cancel it", PaymentTokens.Timeout),
        new("20 at once", Icons.Material.Rounded.Bolt, "Twenty customers in the same moment", Orders: 20),
    ];
}

/// <summary>Makes them happen: each order is of a customer of its own, as a cart gives one order.</summary>
public sealed class Outcomes(ShopServices shop)
{
    const int MostLines = 3;

    /// <returns>What is wrong, each once.</returns>
    public async Task<IReadOnlyList<string>> Make(Outcome outcome, Visit visit)
    {
        var products = await shop.Products(CancellationToken.None);
        if (products.Value is not { Products: [_, ..] shelf })
            return [products.Fault ?? "The shop has no products."];
        var faults = await Task.WhenAll(Enumerable.Range(0, outcome.Orders).Select(_ => Make(outcome, visit, shelf)));
        return [.. faults.OfType<string>().Distinct()];
    }

    async Task<string?> Make(Outcome outcome, Visit visit, IReadOnlyList<ProductView> shelf)
    {
        var customer = $"{visit.Customer}.{Guid.NewGuid().ToString("N")[..5]}";
        foreach (var (product, quantity) in outcome.IsTooMuch ? TooMuch(shelf) : Some(shelf))
            if ((await shop.Add(customer, product, quantity)).Fault is { } fault)
                return fault;
        var (orderId, refusal) = await visit.Place(customer, outcome.Token);
        return orderId is not null && outcome.IsRegretted ? (await shop.Cancel(orderId)).Fault : refusal;
    }

    static IEnumerable<(string ProductId, int Quantity)> Some(IReadOnlyList<ProductView> shelf) =>
        Random.Shared.GetItems([.. shelf.Where(product => product.Stock > MostLines).DefaultIfEmpty(shelf[0])], Random.Shared.Next(1, MostLines + 1)).DistinctBy(product => product.ProductId).Select(product => (product.ProductId, Random.Shared.Next(1, 3)));

    static IEnumerable<(string ProductId, int Quantity)> TooMuch(IReadOnlyList<ProductView> shelf)
    {
        var least = shelf.MinBy(product => product.Stock)!;
        return [(least.ProductId, Math.Min(least.Stock + 1, Check.MaxQuantity))];
    }
}
