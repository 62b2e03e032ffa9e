using System.CommandLine;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>A few customers at the shop, one after the other, each order shown on its way; then the books.</summary>
static class Demo
{
    static readonly string[] Names = ["ada", "alan", "barbara", "donald", "edsger", "frances", "grace", "hedy", "john", "katherine", "leslie", "margaret"];

    public static Command Command()
    {
        var orders = new Option<int>("--orders") { Description = "How many orders.", DefaultValueFactory = _ => 20 };
        orders.Validators.Add(Options.Between(orders, 1, 100_000));
        var shop = new ShopOptions();
        var command = new Command("demo", "Start everything, place orders as customers would, follow each to its end, audit the books, stop.") { orders };
        shop.AddTo(command);
        command.SetAction((parsed, cancel) => Run(parsed.GetValue(orders), shop.Read(parsed), cancel));
        return command;
    }

    static async Task<int> Run(int count, ShopChoice choice, CancellationToken cancel)
    {
        await using var shop = await Shop.Open(choice, null, cancel);
        var customers = new Customers(shop.Client, choice.Patience);
        var wishes = Wishes(count);
        var restocked = await customers.Restock(wishes, cancel);
        Terminal.Line($"{count} orders of {Math.Min(count, Names.Length)} customers{(restocked > 0 ? $"; {restocked} units restocked first" : "")}");
        Terminal.Line();
        var told = new List<Told>();
        for (var i = 0; i < count; i++)
            told.Add(await Show(shop, customers, await SoldOut(shop.Client, wishes[i], cancel), cancel));
        return await Summary.Finish(shop, told, null, choice, cancel);
    }

    static async Task<Told> Show(Shop shop, Customers customers, Wish wish, CancellationToken cancel)
    {
        await customers.FillCart(wish, cancel);
        var checkout = await customers.Checkout(wish, cancel);
        Terminal.Part($"{checkout.OrderId}  {wish.Customer,-9}  {Count(wish.Lines.Count, "line"),-7}  {Count(wish.Lines.Sum(line => line.Quantity), "unit"),-9}  ");
        if (wish.ThenCancels)
            await customers.Cancel(checkout.OrderId, cancel);
        var first = true;
        var told = await customers.Follow(checkout, status =>
        {
            Terminal.Part($"{(first ? "" : " → ")}{Coloured(status)}");
            first = false;
        }, cancel);
        Terminal.Line($"  {told switch
        {
            { FulfilledMs: { } ms } => Terminal.Plain($"{ms:0} ms"),
            { EndedAt: not null } => Terminal.Plain(Why(await shop.Client.Order(checkout.OrderId, cancel))),
            _ => Terminal.Red("stuck"),
        }}");
        return told;
    }

    static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    static string Why(OrderView? order) =>
        (order?.CancellationSource ?? "").Replace('_', ' ') + (order?.RefundedAmount is > 0 and var refund ? $", {refund:0.00} refunded" : "");

    static Terminal.Coloured Coloured(string status) => status switch
    {
        "FULFILLED" => Terminal.Green(status),
        "CANCELLED" => Terminal.Yellow(status),
        _ => Terminal.Plain(status),
    };

    /// <summary>Mostly plain orders; of every twenty one is declined, one wants more than there is (marked by no lines here) and one is cancelled.</summary>
    static List<Wish> Wishes(int count)
    {
        var wishes = new List<Wish>();
        for (var i = 0; i < count; i++)
        {
            var customer = Names[i % Names.Length];
            wishes.Add((i % 20) switch
            {
                4 => new(customer, Lines(i), PaymentTokens.CardDeclined),
                9 => new(customer, [], PaymentTokens.Success),
                // The gateway never answers this one, so the customer is never too late to cancel.
                14 => new(customer, Lines(i), PaymentTokens.Timeout, ThenCancels: true),
                _ => new(customer, Lines(i), PaymentTokens.Success),
            });
        }
        return wishes;
    }

    static List<(string, int)> Lines(int i) =>
        [.. Enumerable.Range(0, 1 + i % 3).Select(line => (Product(i + line * 7), 1 + (i + line) % 2))];

    static string Product(int number) => $"PROD-{1 + number % 20:000}";

    /// <summary>One unit more than the shop has of the product it has least of.</summary>
    static async Task<Wish> SoldOut(ShopClient shop, Wish wish, CancellationToken cancel)
    {
        if (wish.Lines.Count > 0)
            return wish;
        var scarce = (await shop.Products(cancel)).MinBy(product => product.Stock) ?? throw new ToolError("inventory-service has no products");
        return wish with { Lines = [(scarce.ProductId, Math.Min(scarce.Stock + 1, Check.MaxQuantity))] };
    }
}
