using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>`ecom setup` with brokers that are not there. PostgreSQL is left out.</summary>
[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public class RealSetup(RealWorld world)
{
    readonly string dead = $"127.0.0.1:{Ports.Free()}";

    [Fact]
    public async Task A_broker_in_the_list_may_be_dead()
    {
        await using var setup = Setup($"{dead},{world.Backends.Kafka.Brokers}");

        (await setup.WaitForExit(TimeSpan.FromMinutes(2))).ShouldBe(0, setup.Tail());

        setup.Output.ShouldContain(line => line.StartsWith("kafka       order.created ", StringComparison.Ordinal) && line.EndsWith("unchanged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_broker_is_alive_it_ends_with_one_line()
    {
        await using var setup = Setup(dead);

        (await setup.WaitForExit(TimeSpan.FromMinutes(2))).ShouldBe(2, setup.Tail());

        setup.Output.Single(line => !line.StartsWith("postgresql  skipped", StringComparison.Ordinal)).ShouldBe($"Kafka {dead}: Local: Broker transport failure");
    }

    static ChildProcess Setup(string brokers) => ChildProcess.StartTool(["setup"],
        new Dictionary<string, string?> { ["KAFKA_BROKERS"] = brokers, ["POSTGRES_HOST"] = null, ["ConnectionStrings__Db"] = null });
}
