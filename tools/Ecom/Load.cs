using System.CommandLine;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Many customers at once. The carts are filled before the clock starts: what is measured is the checkout and the order's way to its end.</summary>
static class Load
{
    const int UsersToWarmUp = 20;

    public static Command Command()
    {
        var orders = new Option<int>("--orders") { Description = "How many orders." };
        orders.Validators.Add(Options.Between(orders, 1, 1_000_000));
        var users = new Option<int>("--users") { Description = "How many check out at the same time." };
        users.Validators.Add(Options.Between(users, 1, 10_000));
        var warmUp = new Option<int>("--warm-up") { Description = "Orders before the measured ones, not counted: a service that has just started still compiles itself.", DefaultValueFactory = _ => 0 };
        warmUp.Validators.Add(Options.Between(warmUp, 0, 100_000));
        var mixed = new Option<bool>("--mixed") { Description = "Leave the payments' outcome to PAYMENT_SUCCESS_RATE instead of letting all succeed." };
        var minutes = Options.Minutes("Instead of a burst: how long customers come at a steady rate; each minute's figures are a line, and the last should be as the first.", 0);
        var rate = new Option<int>("--rate") { Description = "With --minutes: orders a minute.", DefaultValueFactory = _ => 600 };
        rate.Validators.Add(Options.Between(rate, 1, 60_000));
        var shop = new ShopOptions();
        var command = new Command("load", "As demo, without the show: many users check out at once, or steadily for a while; prints rates and percentiles.") { orders, users, warmUp, mixed, minutes, rate };
        command.Validators.Add(result =>
        {
            var (isBurst, isLasting) = (result.GetResult(orders) is not null || result.GetResult(users) is not null, result.GetResult(minutes) is { Implicit: false });
            if (isBurst == isLasting || (isBurst && (result.GetResult(orders) is null || result.GetResult(users) is null)))
                result.AddError("--orders and --users for a burst, or --minutes for a load that lasts");
        });
        shop.AddTo(command);
        command.SetAction((parsed, cancel) => parsed.GetResult(orders) is null
            ? RunSteadily(TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(rate), parsed.GetValue(warmUp), parsed.GetValue(mixed), shop.Read(parsed), cancel)
            : Run(parsed.GetValue(orders), parsed.GetValue(users), parsed.GetValue(warmUp), parsed.GetValue(mixed), shop.Read(parsed), cancel));
        return command;
    }

    static async Task<int> RunSteadily(TimeSpan time, int rate, int warmUp, bool mixed, ShopChoice choice, CancellationToken cancel)
    {
        await using var shop = await Shop.Open(choice, null, cancel);
        // More than ever come: the pauses between them are by chance.
        var (token, most) = (mixed ? null : PaymentTokens.Success, (int)(rate * time.TotalMinutes * 1.5) + 100);
        if (warmUp > 0)
            await Burst(new(shop.Client, choice.Patience), Wishes(0, warmUp, token), UsersToWarmUp, "to warm up (not measured)", cancel);
        return await new LastingLoad(shop, choice).Run(Wishes(warmUp, most, token), rate, time, cancel);
    }

    static async Task<int> Run(int count, int users, int warmUp, bool mixed, ShopChoice choice, CancellationToken cancel)
    {
        await using var shop = await Shop.Open(choice, null, cancel);
        var customers = new Customers(shop.Client, choice.Patience);
        var token = mixed ? null : PaymentTokens.Success;
        if (warmUp > 0)
            await Burst(customers, Wishes(0, warmUp, token), users, "to warm up (not measured)", cancel);
        var burst = (Started: DateTimeOffset.UtcNow, Told: (IReadOnlyList<Told>)[]);
        var delays = await Freshness.Of(shop, choice.Patience, async () => (burst = await Burst(customers, Wishes(warmUp, count, token), users, "", cancel)).Told, cancel);
        return await Summary.Finish(shop, burst.Told, figures => Summary.Measure(figures, burst.Told, new(burst.Started, delays)), choice, cancel);
    }

    static async Task<(DateTimeOffset Started, IReadOnlyList<Told> Told)> Burst(Customers customers, Wish[] wishes, int users, string purpose, CancellationToken cancel)
    {
        var together = new ParallelOptions { MaxDegreeOfParallelism = users, CancellationToken = cancel };
        await Terminal.Working($"filling {wishes.Length} carts (not measured)", async () =>
        {
            await customers.Restock(wishes, cancel);
            await Parallel.ForEachAsync(wishes, together, async (wish, stop) => await customers.FillCart(wish, stop));
            return true;
        });
        var accepted = new Accepted[wishes.Length];
        var started = DateTimeOffset.UtcNow;
        await Terminal.Working($"{wishes.Length} checkouts, {users} at a time {purpose}".TrimEnd(), async () =>
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, wishes.Length), together, async (i, stop) => accepted[i] = await customers.Checkout(wishes[i], stop));
            return true;
        });
        var told = new List<Told>();
        await Terminal.Counting("orders ended", accepted.Length, async counted =>
        {
            foreach (var checkout in accepted.OrderBy(checkout => checkout.At))
            {
                told.Add(await customers.AwaitEnd(checkout, cancel));
                counted(told.Count);
            }
        });
        return (started, told);
    }

    /// <summary>A cart for each order: whoever has to fill a cart in between is not checking out.</summary>
    static Wish[] Wishes(int first, int count, string? token) =>
        [.. Enumerable.Range(first, count).Select(i => new Wish($"load-{i:00000}", [(Product(i), 1), (Product(i + 7), 1 + i % 2)], token))];

    static string Product(int number) => $"PROD-{1 + number % 20:000}";
}
