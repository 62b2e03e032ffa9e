using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>Events that arrive together are applied together, and one of them that cannot be applied hurts nobody else.</summary>
public sealed class InboxTests : IAsyncDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    ServiceProcess service = null!;

    async Task Start(string waits) =>
        service = await ServiceProcess.Start("Inventory", Database.Sqlite, new Dictionary<string, string> { ["INITIAL_STOCK"] = "1000", ["EVENT_RETRY_SECONDS"] = waits });

    public ValueTask DisposeAsync() => service?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_poison_among_others_delays_none_of_them_and_becomes_one_dead_letter_after_three_attempts()
    {
        await Start(waits: "15,0.1");
        var poison = new Facts();
        // A trigger fails this order's row, whatever is tried.
        await service.Execute($"CREATE TRIGGER poison BEFORE INSERT ON order_reservations WHEN NEW.order_id = '{poison.Order}' BEGIN SELECT RAISE(ABORT, 'poisoned'); END");
        Facts[] others = [.. Enumerable.Range(0, 40).Select(_ => new Facts())];

        var poisoned = service.Once(poison.Confirmed);
        var answers = await Task.WhenAll(others.Select(facts => service.Once(facts.Confirmed)));

        answers.ShouldAllBe(answer => answer == "SUCCESS");
        poisoned.IsCompleted.ShouldBeFalse("it has its first wait of 15 s before it");
        foreach (var facts in others)
            await service.Sends("inventory.reserved", facts.Order);
        (await poisoned).ShouldBe("SUCCESS");
        await Eventually.Until(() => service.DeadLetters.Count > 0, Soon, "the dead letter");
        var letter = service.DeadLetters.ShouldHaveSingleItem();
        ((int)letter["retry_count"]!).ShouldBe(3);
        ((string)letter["error_reason"]!).ShouldContain("poisoned");
        (await service.Metric("ecom_dead_letters", "order.confirmed")).ShouldBe(1);
        (await service.Metric("ecom_inbox_applied", "order.confirmed")).ShouldBe(40);
    }

    [Fact]
    public async Task A_hundred_poisons_at_once_wait_side_by_side()
    {
        await Start(waits: "1,1");
        await service.Execute("CREATE TRIGGER poison BEFORE INSERT ON order_reservations BEGIN SELECT RAISE(ABORT, 'poisoned'); END");

        // One after the other their waits alone would take 200 s; a request is given up after 30.
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => service.Once(new Facts().Confirmed)));

        await Eventually.Until(() => service.DeadLetters.Count == 100, Soon, "a hundred dead letters");
        (await service.Metric("ecom_dead_letters", "order.confirmed")).ShouldBe(100);
    }

    [Fact]
    public async Task A_hundred_unreadable_events_at_once_become_a_hundred_dead_letters_without_any_wait()
    {
        await Start(waits: "1,2");
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => service.Deliver("order.confirmed", $$"""{"n":{{i}}}""")));

        answers.ShouldAllBe(answer => answer == "SUCCESS");
        await Eventually.Until(() => service.DeadLetters.Count == 100, Soon, "a hundred dead letters");
        service.DeadLetters.Select(letter => (int)letter["payload"]!["n"]!).Distinct().Count().ShouldBe(100);
        service.DeadLetters.ShouldAllBe(letter => (string)letter["error_type"]! == "InvalidEvent");
    }

    [Fact]
    public async Task An_event_from_the_future_is_a_dead_letter_at_once()
    {
        await Start(waits: "600,600");
        string At(TimeSpan ahead) => new Facts().Confirmed.With("time", $"\"{DateTimeOffset.UtcNow + ahead:O}\"");

        await service.Takes(At(TimeSpan.FromSeconds(40)));
        await service.Takes(At(TimeSpan.FromMinutes(3)));

        await Eventually.Until(() => service.DeadLetters.Count > 0, Soon, "the dead letter");
        var letter = service.DeadLetters.ShouldHaveSingleItem();
        ((string)letter["error_reason"]!).ShouldContain("more than a minute");
        ((string)letter["error_type"]!, (int)letter["retry_count"]!).ShouldBe(("InvalidEvent", 0));
    }

    [Fact]
    public async Task A_replay_is_applied_once_by_the_service_that_it_is_for_and_that_is_told()
    {
        await Start(waits: "0.1,0.1");
        var (ours, others) = (new Facts(), new Facts());

        await Task.WhenAll(Enumerable.Range(0, 5).SelectMany(_ => new[] { service.Once(Replayed(ours.Confirmed, "inventory-service", "letter-1")), service.Once(Replayed(others.Confirmed, "payment-service", "letter-2")) }));
        (await service.Deliver("order.confirmed", """{"replayfor":"payment-service","replayof":"letter-3","n":1}""")).ShouldBe("SUCCESS");

        await service.Sends("inventory.reserved", ours.Order);
        await Eventually.Until(() => service.Sidecar.PublishedOn("analytics.applied_letters").Count > 0, Soon, "the answer goes out");
        service.Sidecar.PublishedOn("analytics.applied_letters").Select(r => $"{r.Data["letter_id"]} {r.Data["subscriber"]}").Distinct().ShouldBe(["letter-1 inventory-service"]);
        (await service.Query("SELECT order_id FROM order_reservations")).ShouldBe([ours.Order]);
        service.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_nobody_knows_who_failed_only_a_service_that_had_not_applied_it_tells()
    {
        await Start(waits: "0.1,0.1");
        var (known, missed) = (new Facts().Confirmed, new Facts().Confirmed);
        await service.Takes(known);

        await service.Takes(Replayed(known, null, "letter-1"));
        await service.Takes(Replayed(missed, null, "letter-2"));

        await Eventually.Until(() => service.Sidecar.PublishedOn("analytics.applied_letters").Count > 0, Soon, "the answer goes out");
        service.Sidecar.PublishedOn("analytics.applied_letters").Select(r => (string?)r.Data["letter_id"]).Distinct().ShouldBe(["letter-2"]);
    }

    [Fact]
    public async Task A_replay_that_fails_again_is_a_dead_letter_that_names_its_letter()
    {
        await Start(waits: "0.1,0.1");
        await service.Execute("CREATE TRIGGER poison BEFORE INSERT ON order_reservations BEGIN SELECT RAISE(ABORT, 'poisoned'); END");

        await service.Takes(Replayed(new Facts().Confirmed, "inventory-service", "letter-1"));

        await Eventually.Until(() => service.DeadLetters.Count > 0, Soon, "the dead letter");
        ((string?)service.DeadLetters.ShouldHaveSingleItem()["payload"]!["replayof"]).ShouldBe("letter-1");
        service.Sidecar.PublishedOn("analytics.applied_letters").ShouldBeEmpty();
    }

    static string Replayed(string e, string? appId, string letterId)
    {
        using var json = System.Text.Json.JsonDocument.Parse(e);
        return new Contracts.Replay(letterId, appId).Address(json.RootElement);
    }

    [Fact]
    public async Task An_event_that_comes_several_times_at_once_is_applied_once()
    {
        await Start(waits: "1,2");
        var (facts, other) = (new Facts(), new Facts());
        var confirmed = facts.Confirmed;

        var answers = await Task.WhenAll([service.Once(other.Confirmed), .. Enumerable.Range(0, 10).Select(_ => service.Once(confirmed))]);

        answers.ShouldAllBe(answer => answer == "SUCCESS");
        (await service.Count($"order_reservations WHERE order_id = '{facts.Order}'")).ShouldBe(1);
        (await service.Metric("ecom_inbox_duplicates", "order.confirmed")).ShouldBe(9);
        (await service.Query("SELECT sum(initial_stock - stock) FROM products")).ShouldBe(["4"]);
        service.DeadLetters.ShouldBeEmpty();
    }
}
