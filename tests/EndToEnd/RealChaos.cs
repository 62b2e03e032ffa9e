using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>`ecom chaos --attach` at the shop on real Dapr: services, sidecars, brokers and Redis stand still or get slow, two at once among them.</summary>
[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public sealed class RealChaos(RealWorld world)
{
    /// <summary>Not the mail server: that is this process.</summary>
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

    static string[] Native(Runtime runtime, params string[] names) => Runtimes.InDocker(runtime) ? [] : names;
}
