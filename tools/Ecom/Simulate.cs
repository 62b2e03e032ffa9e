using System.CommandLine;
using System.Diagnostics;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Believable traffic for a while: what a dashboard, a Spark job or an operator's query needs to have something to show.</summary>
static class Simulate
{
    public static Command Command()
    {
        var rate = new Option<int>("--rate") { Description = "Shoppers a minute.", DefaultValueFactory = _ => 60 };
        rate.Validators.Add(Options.Between(rate, 1, 6_000));
        var minutes = Options.Minutes("How long shoppers come; who is in the shop then is seen out.", 5);
        var seed = new Option<int>("--seed") { Description = "The same seed brings the same shoppers.", DefaultValueFactory = _ => 1 };
        var shop = new ShopOptions();
        var command = new Command("simulate", "Believable traffic: regulars and guests, carts that are left, declined cards, second thoughts, fraud patterns, sell-outs and restocks; ends with the audit.") { rate, minutes, seed };
        shop.AddTo(command);
        command.SetAction((parsed, cancel) => Run(parsed.GetValue(rate), TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed), shop.Read(parsed), cancel));
        return command;
    }

    static async Task<int> Run(int rate, TimeSpan time, int seed, ShopChoice choice, CancellationToken cancel)
    {
        await using var shop = await Shop.Open(choice, null, cancel);
        var (traffic, clock) = (new Traffic(shop.Client, choice.Patience), Stopwatch.StartNew());
        await ShopClient.PublishNonsense(shop.Addresses, Topics.NotificationSend, cancel);
        await Terminal.Telling(
            () => FormattableString.Invariant($"{Math.Min(clock.Elapsed.TotalMinutes, time.TotalMinutes):0.0} of {time.TotalMinutes:0.0} min: {traffic}"),
            () => Door.Open(Shoppers.Stream(seed), rate, time, seed, clock, visit => traffic.Receive(visit, cancel), traffic.Refill, cancel));
        Terminal.Line($"a cart that was left shows in cart_abandonment {AnalyticsRules.CartPatience.TotalMinutes:0} minutes later; one event that nobody can read is among the dead letters");
        return await Summary.Finish(shop, traffic.Told, null, choice, cancel);
    }
}
