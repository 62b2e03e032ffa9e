using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

/// <summary>What a service has to tell goes to the broker: no message holds up another, none is lost, and nobody is blamed while the broker is away.</summary>
public sealed class OutboxTests : IAsyncLifetime
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    ServiceProcess service = null!;

    FakeSidecar Sidecar => service.Sidecar;

    public async ValueTask InitializeAsync() =>
        service = await ServiceProcess.Start("Inventory", Database.Sqlite, new Dictionary<string, string> { ["OUTBOX_MOST_ATTEMPTS"] = "3" });

    public ValueTask DisposeAsync() => service?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)]
    public async Task A_message_that_the_broker_refuses_holds_nobody_up_and_is_parked_with_its_reason(StatusCode how)
    {
        Sidecar.OnPublish = (_, body) => body.Contains("poison") ? new(new(how, "not this one")) : null;
        await service.Put("orders", "k", "first", "poison", "second");

        // A call that fails as a whole may have got some through: they come again.
        await Eventually.Until(() => Bodies().Distinct().ToArray() is ["first", "second"], Soon, "the neighbours are out");
        await Eventually.Until(async () =>
        {
            // Only what others pass by is to blame.
            await service.Put("orders", "other", "passes by");
            return await service.Count("outbox_events WHERE parked_at IS NOT NULL") == 1;
        }, Soon, "the culprit is parked");

        (await service.Query("SELECT event_id, attempts, error FROM outbox_events WHERE parked_at IS NOT NULL")).ShouldBe(["poison|3|not this one"]);
        await Eventually.Until(async () => await service.Metric("ecom_queue_parked", "queue=\"outbox\"") == 1, Soon, "the metric shows it");
        (await service.Metric("ecom_queue_refused", "queue=\"outbox\"")).ShouldBeGreaterThanOrEqualTo(3);
        Bodies().ShouldNotContain("poison");
    }

    [Fact]
    public async Task A_message_too_large_for_the_sidecar_does_not_stop_the_queue_though_it_fills_a_batch_alone()
    {
        await service.Deliver("order.confirmed", new string('x', 3_900_000));
        await service.Deliver("order.confirmed", new string('y', 3_900_000));

        var facts = new Facts();
        await service.Takes(facts.Confirmed);

        await service.Sends("inventory.reserved", facts.Order);
        await Eventually.Until(async () =>
        {
            // Who is to blame shows by the others, who get through.
            await service.Takes(new Facts().Confirmed);
            return await service.Count("outbox_events WHERE attempts > 0") == 2;
        }, Soon, "the two are to blame");
        service.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task Five_dead_letters_of_nearly_a_megabyte_each_go_out()
    {
        var calls = 0;
        Sidecar.OnPublish = (_, _) => Interlocked.Increment(ref calls) <= 5 ? new(new(StatusCode.Unavailable, "away")) : null;

        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => service.Deliver("order.confirmed", $$"""{"n":{{i}},"extra":"{{new string('x', 900_000)}}"}""")));

        await Eventually.Until(() => service.DeadLetters.Count == 5, Soon, "five dead letters");
        service.DeadLetters.Select(letter => (int)letter["payload"]!["n"]!).Order().ShouldBe([0, 1, 2, 3, 4]);
        (await service.Metric("ecom_queue_refused", "queue=\"outbox\"")).ShouldBe(0, "none was larger than the sidecar takes");
    }

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.Internal)]
    public async Task While_the_broker_is_away_nobody_is_blamed_and_afterwards_all_go_out_in_order(StatusCode how)
    {
        var (tries, isBack, isAway) = (0, false, true);
        Sidecar.OnPublish = (_, body) =>
        {
            Interlocked.Increment(ref tries);
            // Each call begins with the oldest row: the broker comes back between two calls, not in the middle of one.
            if (body.Contains("\"000\"", StringComparison.Ordinal))
                isAway = !Volatile.Read(ref isBack);
            return isAway ? new(new(how, "the broker is away")) : null;
        };
        string[] bodies = [.. Enumerable.Range(0, 450).Select(i => $"{i:000}")];
        await service.Put("orders", "k", bodies);
        await Eventually.Until(() => service.Output.Any(line => line.Contains("waits: ", StringComparison.Ordinal)), Soon, "the first try");
        var before = tries;
        await Eventually.Until(() => tries > before + 4, Soon, "more tries");

        (await service.Query("SELECT DISTINCT attempts, retry_at, parked_at FROM outbox_events")).ShouldBe(["0||"]);
        Volatile.Write(ref isBack, true);

        await Eventually.Until(() => Sidecar.Published.Count >= 450, Soon, "all are out");
        Bodies().ShouldBe(bodies);
    }

    [Fact]
    public async Task A_broker_that_hangs_is_given_up_and_what_waited_goes_out_in_order()
    {
        var tries = 0;
        Sidecar.OnPublishing = (_, _) => Interlocked.Increment(ref tries) == 1 ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;

        await service.Put("orders", "k", "first", "second");
        await service.Put("orders", "k", "third");

        await Eventually.Until(() => Bodies().Count == 3, Soon, "all are out");
        Bodies().ShouldBe(["first", "second", "third"]);
    }

    [Fact]
    public async Task Ready_says_when_a_row_has_waited_for_more_than_a_minute_but_not_for_a_refused_one()
    {
        Sidecar.OnPublish = (_, body) => body.Contains("passes by") ? null : new(new(StatusCode.Internal, "not now"));
        await service.Put("orders", "k", "refused");
        await Eventually.Until(async () =>
        {
            await service.Put("orders", "other", "passes by");
            return await service.Count("outbox_events WHERE event_id = 'refused' AND retry_at IS NOT NULL") == 1;
        }, Soon, "one is refused");
        await service.Execute("UPDATE outbox_events SET created_at = datetime('now', '-90 seconds') WHERE event_id = 'refused'");
        await Eventually.Until(async () => (await service.Http.GetAsync("/health/ready")).IsSuccessStatusCode, Soon, "it is ready, though one is refused");
        Sidecar.OnPublish = (_, _) => new(new(StatusCode.Unavailable, "away"));

        await service.Put("orders", "k", "waits");
        await service.Execute("UPDATE outbox_events SET created_at = datetime('now', '-90 seconds') WHERE event_id = 'waits'");

        var problem = await service.Http.ShouldRefuse(503, "GET", "/health/ready");
        ((string)problem["detail"]!).ShouldMatch("the oldest row of outbox waits for (89|9\\d) s");
        await Eventually.Until(async () => await service.Metric("ecom_queue_lag_seconds", "queue=\"outbox\"") > 60, Soon, "the metric shows it");
    }

    [Fact]
    public async Task What_was_sent_is_deleted_and_a_stop_in_the_middle_sends_nothing_twice()
    {
        var (sending, isTaken) = (new TaskCompletionSource(), new TaskCompletionSource());
        Sidecar.OnPublish = (_, body) =>
        {
            if (body.Contains("last"))
            {
                sending.TrySetResult();
                isTaken.Task.Wait(Soon);
            }
            return null;
        };
        await service.Put("orders", "k", "a", "b");
        await Eventually.Until(async () => Bodies() is ["a", "b"] && await service.Count("outbox_events") == 0, Soon, "sent and deleted");
        await service.Put("orders", "k", "c", "last");
        await sending.Task.WaitAsync(Eventually.OnABusyMachine(Soon));

        var restart = service.StopAndStartAgain();
        await Eventually.Until(() => service.Output.Any(line => line.Contains("shutting down")), Soon, "the stop begins");
        isTaken.SetResult();
        await restart;
        await service.Put("orders", "k", "after");

        await Eventually.Until(() => Bodies().Contains("after"), Soon, "the next life sends");
        Bodies().ShouldBe(["a", "b", "c", "last", "after"]);
    }

    IReadOnlyList<string> Bodies() => [.. Sidecar.PublishedOn("orders").Where(r => r.Key != "other").Select(r => (string)r.Envelope["data"]!)];
}

static class OutboxRows
{
    /// <summary>Puts messages into the service's outbox, as its transactions do; each is its own event id.</summary>
    public static Task Put(this ServiceProcess service, string topic, string key, params string[] bodies) => service.Execute(
        "INSERT INTO outbox_events (event_id, topic, \"key\", payload, bytes, created_at, attempts) VALUES "
        + string.Join(',', bodies.Select(body => $"('{body}', '{topic}', '{key}', '{{\"id\":\"{body}\",\"data\":\"{body}\"}}', {body.Length * 2 + 20}, CURRENT_TIMESTAMP, 0)")));
}
