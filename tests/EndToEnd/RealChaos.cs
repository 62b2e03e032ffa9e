using System.Text.RegularExpressions;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>`ecom chaos --attach` at the shop on real Dapr: services, sidecars, brokers and Redis stand still or get slow, two at once among them.</summary>
[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public sealed partial class RealChaos(RealWorld world, ITestOutputHelper log)
{
    const int Seed = 7, MostKills = 200;
    static readonly TimeSpan Absence = TimeSpan.FromSeconds(4), Breath = TimeSpan.FromSeconds(8);

    /// <summary>Not the mail server: that is this process, which cannot stand still.</summary>
    static string[] Targets =>
    [
        .. EmbeddedShop.Apps, .. Native(Runtime.Dapr, "cart-dapr", "order-dapr", "payment-dapr", "inventory-dapr", "notification-dapr"),
        .. Native(Runtime.Kafka, "kafka-1", "kafka-2", "kafka-3"), .. Native(Runtime.Redis, "redis"),
    ];

    public static bool OnLinux => OperatingSystem.IsLinux();

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Whose port it is, only Linux tells.")]
    [Trait("Length", "Long")]
    public async Task Nothing_is_lost_while_its_parts_stand_still_and_get_slow()
    {
        var output = await world.Shop.Chaos("1", "26", Targets);

        output.ShouldContain("the books add up");
        output.ShouldContain("pause  ");
        output.ShouldContain("slow   ");
        output.ShouldNotContain("kill   ");
        output.ShouldContain("0 without an answer, 0 orders lost, 0 twice, 0 stuck");
    }

    /// <summary>A thousand orders and more, while each part is killed in its turn, two of three brokers among them.</summary>
    [Fact(SkipUnless = nameof(OnLinux), Skip = "Whose port it is, only Linux tells.")]
    [Trait("Length", "Long")]
    public async Task Nothing_is_lost_while_its_parts_die()
    {
        var orders = world.Shop.Chaos("10", "7", Native(Runtime.Redis, "redis"), rate: 110);
        List<string> killed = [];
        var random = new Random(Seed);
        while (!orders.IsCompleted && killed.Count < MostKills)
            foreach (var (name, kill, bringBack) in Deaths().OrderBy(_ => random.Next()).ToList())
            {
                if (await Task.WhenAny(orders, Task.Delay(Breath)) == orders)
                    break;
                kill();
                killed.Add(name);
                await Task.Delay(Absence);
                await bringBack();
            }
        var output = await orders;

        log.WriteLine($"killed {killed.Count}: {string.Join(", ", killed)}\n{output}");
        killed.Distinct().Count().ShouldBe(Deaths().Count, "each part has died");
        output.ShouldContain("the books add up");
        output.ShouldContain("0 without an answer, 0 orders lost, 0 twice, 0 stuck");
        int.Parse(Told().Match(output).Groups[1].Value).ShouldBeGreaterThan(1_000);
        var twice = world.Backends.Mail.Mails().CountBy(mail => mail.Subject).Count(subject => subject.Value > 1 && subject.Key.Contains("ORD-", StringComparison.Ordinal));
        twice.ShouldBeLessThanOrEqualTo(killed.Count(name => name is AppIds.Notification or "notification-dapr" or "postgres" or "mail"));
    }

    /// <summary>A part, its death, and how it comes back.</summary>
    List<(string Name, Action Kill, Func<Task> BringBack)> Deaths()
    {
        var (kafka, postgres, redis, mail, dapr) = (world.Backends.Kafka, world.Backends.Postgres, world.Backends.Redis, world.Backends.Mail, world.Backends.Dapr);
        return
        [
            .. EmbeddedShop.Apps.Select(app => Revived(app, () => world.Shop.TakeAwayApp(app))),
            .. EmbeddedShop.Apps.Select(app => Revived(app.Replace("-service", "-dapr"), () => world.Shop.TakeAwaySidecar(app))),
            .. new[] { DaprControlPlane.Placement, DaprControlPlane.Scheduler }.Select(name => (name, (Action)(() => dapr.Kill(name)), (Func<Task>)(() => dapr.Restart(name)))),
            ("kafka-1", () => kafka.Kill(0), () => kafka.Restart(0)),
            ("kafka-2 and kafka-3", () => { kafka.Kill(1); kafka.Kill(2); }, () => Task.WhenAll(kafka.Restart(1), kafka.Restart(2))),
            ("postgres", postgres.Kill, postgres.StartServer),
            ("redis", redis.Kill, redis.StartServer),
            ("mail", mail.GoAway, mail.StartServer),
        ];

        static (string, Action, Func<Task>) Revived(string name, Func<Action> takeAway)
        {
            Action? bringBack = null;
            return (name, () => bringBack = takeAway(), () => Task.Run(bringBack!));
        }
    }

    [GeneratedRegex(@"told +(\d+) customers")]
    private static partial Regex Told();

    static string[] Native(Runtime runtime, params string[] names) => Runtimes.InDocker(runtime) ? [] : names;
}
