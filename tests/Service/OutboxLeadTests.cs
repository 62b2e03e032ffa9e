using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

/// <summary>Of two replicas on one PostgreSQL, one sends the outbox, and another takes over when it cannot.</summary>
public sealed class OutboxLeadTests : IAsyncLifetime
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30), Promptly = TimeSpan.FromSeconds(6);
    ServiceProcess leader = null!, standby = null!;
    Wire wire = null!;

    public async ValueTask InitializeAsync()
    {
        Runtimes.Require(Runtime.Postgres);
        wire = Wire.To((await SharedPostgres.Get()).Port);
        leader = await ServiceProcess.Start("Inventory", Database.Postgres, new Dictionary<string, string> { ["POSTGRES_PORT"] = $"{wire.Port}" });
        await Eventually.Until(async () => await Leads(leader) == 1, Soon, "the first leads");
        standby = await leader.AnotherReplica(await FakeSidecar.Start(), new Dictionary<string, string>());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in (IAsyncDisposable?[])[standby, leader, wire])
            await (part?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task One_replica_leads_and_sends_what_the_other_commits()
    {
        Facts[] orders = [.. Enumerable.Range(0, 5).Select(_ => new Facts())];

        foreach (var order in orders)
            await standby.Takes(order.Confirmed);

        foreach (var order in orders)
            await leader.Sends("inventory.reserved", order.Order);
        standby.Sidecar.Published.ShouldBeEmpty();
        await Eventually.Until(async () => (await Leads(leader), await Leads(standby)) == (1, 0), Soon, "the leader leads");
        leader.Sidecar.Published.DistinctBy(r => r.Id).Count().ShouldBe(leader.Sidecar.Published.Count, "each once");
    }

    [Fact]
    public async Task When_the_leader_dies_the_standby_sends_within_seconds()
    {
        leader.Kill();

        var facts = new Facts();
        await standby.Takes(facts.Confirmed);

        await standby.Sends("inventory.reserved", facts.Order);
        await Eventually.Until(async () => await Leads(standby) == 1, Soon, "the standby leads");
    }

    [Fact]
    public async Task A_leader_whose_sidecar_is_dead_leaves_the_lead_to_a_replica_that_can_send()
    {
        leader.Sidecar.OnPublish = (_, _) => new(new(StatusCode.Unavailable, "the sidecar is dead"));

        var facts = new Facts();
        await leader.Takes(facts.Confirmed);

        await standby.Sends("inventory.reserved", facts.Order);
        await Eventually.Until(async () => (await Leads(leader), await Leads(standby)) == (0, 1), Soon, "the standby leads");
        leader.Output.ShouldNotContain(line => line.Contains("No line to PostgreSQL"));
    }

    [Fact]
    public async Task A_leader_whose_sidecar_hangs_leaves_the_lead_to_a_replica_that_can_send()
    {
        leader.Sidecar.OnPublishing = (_, _) => Task.Delay(Timeout.Infinite);

        var facts = new Facts();
        await leader.Takes(facts.Confirmed);

        await standby.Sends("inventory.reserved", facts.Order);
        await Eventually.Until(async () => (await Leads(leader), await Leads(standby)) == (0, 1), Soon, "the standby leads");
    }

    [Fact]
    public async Task A_replica_alone_goes_on_within_seconds_when_its_connections_are_dead_without_a_word()
    {
        standby.Kill();
        // Several connections of the pool: none of them is tried after another has shown that it is dead.
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => leader.Get("/products")));

        wire.Die(newOnesPass: true);

        var facts = new Facts();
        await leader.Takes(facts.Confirmed, Promptly);
        await Eventually.Until(() => leader.Sent("inventory.reserved", facts.Order).Count > 0, Promptly, "the answer is out");
    }

    [Fact]
    public async Task A_leader_whose_line_is_dead_without_a_word_is_replaced_though_nobody_hangs_up()
    {
        wire.Die(newOnesPass: false);

        await leader.Http.ShouldRefuse(503, "GET", "/health/ready");
        var facts = new Facts();
        await standby.Takes(facts.Confirmed);

        await standby.Sends("inventory.reserved", facts.Order);
        await Eventually.Until(async () => (await Leads(leader), await Leads(standby)) == (0, 1), Soon, "the standby leads");
        leader.Sent("inventory.reserved", facts.Order).ShouldBeEmpty();
    }

    /// <summary>The one that was the leader has a line again, and may be the first to find that its old one has lost the lead.</summary>
    [Fact]
    public async Task A_leader_whose_line_is_dead_without_a_word_is_replaced_by_either_when_new_ones_pass()
    {
        wire.Die(newOnesPass: true);

        var facts = new Facts();
        await standby.Takes(facts.Confirmed);

        await Eventually.Until(() => Sent() > 0, Soon, "the answer is out");
        (await Leads(leader) + await Leads(standby)).ShouldBe(1);
        Sent().ShouldBe(1);

        int Sent() => leader.Sent("inventory.reserved", facts.Order).Count + standby.Sent("inventory.reserved", facts.Order).Count;
    }

    static async Task<int> Leads(ServiceProcess replica) => (int)await replica.Metric("ecom_queue_leads", "queue=\"outbox\"");
}
