using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Believable traffic for a while: what a dashboard, a Spark job or an operator's query needs to have something to show.</summary>
static class Simulate
{
    const double ShortestMinutes = 0.05, LongestMinutes = 1440;

    /// <summary>More would be a load test; whoever comes then waits at the door.</summary>
    const int MostInTheShop = 200;

    public static Command Command()
    {
        var rate = new Option<int>("--rate") { Description = "Shoppers a minute.", DefaultValueFactory = _ => 60 };
        rate.Validators.Add(Options.Between(rate, 1, 6_000));
        var minutes = new Option<double>("--minutes") { Description = "How long shoppers come; who is in the shop then is seen out.", DefaultValueFactory = _ => 5 };
        minutes.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is not (>= ShortestMinutes and <= LongestMinutes))
                result.AddError(FormattableString.Invariant($"--minutes must be {ShortestMinutes} to {LongestMinutes}, not {text}"));
        });
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
            () => Come(traffic, rate, time, seed, clock, cancel));
        Terminal.Line($"a cart that was left shows in cart_abandonment {AnalyticsRules.CartPatience.TotalMinutes:0} minutes later; one event that nobody can read is among the dead letters");
        return await Summary.Finish(shop, traffic.Told, null, choice, cancel);
    }

    static async Task Come(Traffic traffic, int rate, TimeSpan time, int seed, Stopwatch clock, CancellationToken cancel)
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var door = new SemaphoreSlim(MostInTheShop);
        var refill = traffic.Refill(closing.Token);
        var (pauses, next, inside) = (new Random(seed), TimeSpan.Zero, new List<Task>());
        try
        {
            foreach (var visit in Shoppers.Stream(seed))
            {
                // People do not come by the clock: the time between two of them is exponentially distributed.
                next += TimeSpan.FromMinutes(-Math.Log(1 - pauses.NextDouble()) / rate);
                if (next > time)
                    break;
                if (next - clock.Elapsed is { Ticks: > 0 } wait)
                    await Task.Delay(wait, cancel);
                await door.WaitAsync(cancel);
                inside.RemoveAll(shopper => shopper.IsCompletedSuccessfully);
                if (inside.Find(shopper => shopper.IsFaulted) is { } failed)
                    await failed;
                inside.Add(Visit(visit));
            }
            await Task.WhenAll(inside);
        }
        finally
        {
            await closing.CancelAsync();
            await refill.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task Visit(Visit visit)
        {
            try
            {
                await traffic.Receive(visit, cancel);
            }
            finally
            {
                door.Release();
            }
        }
    }
}
