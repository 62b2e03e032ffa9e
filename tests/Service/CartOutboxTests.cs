using System.Net;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

/// <summary>What a cart has to tell goes out by itself, in order and once, whatever is away or dies.</summary>
public sealed class CartOutboxTests(CartFixture fixture) : CartScenario(fixture), IClassFixture<CartFixture>
{
    static readonly TimeSpan AMinute = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_checkout_ends_by_itself_when_the_service_dies_before_its_event_is_out()
    {
        await Add("PROD-001");
        await Told(Added, 1);
        var trying = new TaskCompletionSource();
        Sidecar.OnPublishing = (topic, body) => topic == CheckedOut && body.Contains(User) ? Hang(trying) : Task.CompletedTask;
        var unanswered = CheckOut();
        await trying.Task.WaitAsync(Eventually.OnABusyMachine(Soon));

        await Cart.KillAndStartAgain();
        Sidecar.OnPublishing = (_, _) => Task.CompletedTask;

        await Should.ThrowAsync<HttpRequestException>(unanswered);
        await Told(CheckedOut, 1, AMinute);
    }

    [Fact]
    public async Task A_living_replica_ends_what_a_dead_one_left()
    {
        var replica = await Cart.AnotherReplica();
        await Add("PROD-001", at: replica.Http);
        await Told(Added, 1);
        var trying = new TaskCompletionSource();
        Sidecar.OnPublishing = (topic, body) => topic == CheckedOut && body.Contains(User) ? Hang(trying) : Task.CompletedTask;
        var unanswered = CheckOut(at: replica.Http);
        await trying.Task.WaitAsync(Eventually.OnABusyMachine(Soon));

        await replica.DisposeAsync();
        Sidecar.OnPublishing = (_, _) => Task.CompletedTask;

        await Should.ThrowAsync<Exception>(unanswered);
        (await Told(CheckedOut, 1, AMinute)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_checkout_ends_by_itself_when_the_customer_goes_away_while_it_is_saved()
    {
        await Add("PROD-001");
        var saving = new TaskCompletionSource();
        var gone = new TaskCompletionSource();
        Sidecar.OnSaving = async key =>
        {
            if (key != $"cart:{User}")
                return;
            saving.TrySetResult();
            await gone.Task;
        };
        using var customer = new HttpClient { BaseAddress = Http.BaseAddress };
        using var patience = new CancellationTokenSource();
        var request = customer.PostAsync($"/cart/{User}/checkout", null, patience.Token);
        await saving.Task.WaitAsync(Eventually.OnABusyMachine(Soon));

        await patience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(request);
        gone.SetResult();

        await Told(CheckedOut, 1);
    }

    [Fact]
    public async Task Reading_a_cart_publishes_nothing_and_saves_nothing()
    {
        await Add("PROD-001");
        await Told(Added, 1);
        Sidecar.OnPublish = (_, body) => body.Contains(User) ? new(new(StatusCode.Unavailable, "broker is away")) : null;
        await Add("PROD-002");
        await Cart.KillAndStartAgain();
        Sidecar.OnPublish = (_, _) => null;
        var before = Sidecar.Calls.Count;

        await Cart.Get($"/cart/{User}");

        Sidecar.Calls.Skip(before).Where(call => call.Contains(User)).ShouldBe([$"read cart:{User}"]);
        Sidecar.Published.Count(r => r.Key == User).ShouldBe(1, "the first item, told before");
    }

    [Fact]
    public async Task Carts_work_while_the_broker_is_away_and_their_events_go_out_later_in_order_and_once()
    {
        Sidecar.OnPublish = (_, body) => body.Contains(User) ? new(new(StatusCode.Internal, "broker is away")) : null;
        for (var i = 1; i <= 5; i++)
            (await Add($"PROD-{i:000}")).Status.ShouldBe(HttpStatusCode.Created);
        (await Http.Send("PUT", $"/cart/{User}/items/PROD-002", """{"quantity":3}""")).Status.ShouldBe(HttpStatusCode.OK);
        (await Http.Send("DELETE", $"/cart/{User}/items/PROD-003")).Status.ShouldBe(HttpStatusCode.OK);
        await Http.ShouldRefuse(503, "POST", $"/cart/{User}/checkout");

        Sidecar.OnPublish = (_, _) => null;

        await Told(CheckedOut, 1);
        Sidecar.Published.Where(r => r.Key == User).Select(r => $"{r.Topic} {r.Data["product_id"]} {r.Data["quantity"]}".Trim()).ShouldBe(
        [
            $"{Added} PROD-001 1", $"{Added} PROD-002 1", $"{Added} PROD-003 1", $"{Added} PROD-004 1", $"{Added} PROD-005 1",
            $"{Added} PROD-002 2", "cart.item_removed PROD-003", CheckedOut,
        ]);
    }

    [Fact]
    public async Task When_too_many_events_wait_the_next_change_is_refused_and_says_so()
    {
        Sidecar.OnPublish = (_, body) => body.Contains(User) ? new(new(StatusCode.Internal, "broker is away")) : null;
        for (var i = 1; i <= 100; i++)
            (await Add("PROD-001")).Status.ShouldBe(HttpStatusCode.Created);

        var problem = await Http.ShouldRefuse(503, "POST", $"/cart/{User}/items", """{"product_id":"PROD-001","quantity":1}""");
        Sidecar.OnPublish = (_, _) => null;

        ((string)problem["detail"]!).ShouldContain("100");
        await Told(Added, 100);
        (await Add("PROD-001")).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_hanging_broker_delays_neither_reading_nor_adding()
    {
        Sidecar.OnPublishing = (_, body) => body.Contains(User) ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;

        for (var i = 1; i <= 3; i++)
            (await Add($"PROD-{i:000}")).Status.ShouldBe(HttpStatusCode.Created);
        var cart = await Cart.Get($"/cart/{User}");

        ((int)cart["item_count"]!).ShouldBe(3);
    }

    [Fact]
    public async Task A_restart_does_not_tell_again_what_was_told_long_ago()
    {
        await Add("PROD-001");
        await CheckOut();
        await Eventually.Until(() => !DueUsers().Contains(User), Soon, "nothing of the cart is due any more");
        await Cart.KillAndStartAgain();

        await Add("PROD-002");

        await Told(Added, 2);
        Of(CheckedOut).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_killed_service_may_send_the_last_events_twice_but_never_two_orders()
    {
        await Add("PROD-001");
        await CheckOut();
        await Cart.KillAndStartAgain();

        await Add("PROD-002");
        await Eventually.Until(() => Of(Added).Any(r => (string?)r.Data["product_id"] == "PROD-002"), Soon, "the second item is told of");

        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_save_that_went_through_without_its_answer_is_not_made_twice()
    {
        await Add("PROD-001");
        var saves = 0;
        Sidecar.OnSave = (key, save) =>
        {
            if (key != $"cart:{User}" || saves++ > 0)
                return null;
            save();
            return new(new(StatusCode.Aborted, "possible etag mismatch after the sidecar's own retry"));
        };

        var (status, cart) = await Add("PROD-001", 2);

        status.ShouldBe(HttpStatusCode.Created);
        ((int)cart["item_count"]!).ShouldBe(3);
        ((int)(await Cart.Get($"/cart/{User}"))["item_count"]!).ShouldBe(3);
        await Told(Added, 2);
    }

    [Fact]
    public async Task An_order_costs_few_calls()
    {
        await Add("PROD-001");
        await Add("PROD-002");
        await CheckOut(key: "key-1");

        await Eventually.Until(() => Sidecar.State($"checkout:{User}:key-1") is not null, Soon, "the checkout is remembered");

        var calls = Sidecar.Calls.Where(call => call.Contains(User)).ToList();
        // Each change reads and saves the cart; the checkout also looks for its key and remembers it.
        calls.ShouldBe(
        [
            $"read cart:{User}", $"save cart:{User}",
            $"read cart:{User}", $"save cart:{User}",
            $"read cart:{User}", $"read checkout:{User}:key-1", $"save cart:{User}", $"save checkout:{User}:key-1",
        ]);
    }

    static async Task Hang(TaskCompletionSource reached)
    {
        reached.TrySetResult();
        await Task.Delay(Timeout.Infinite);
    }

    IEnumerable<string> DueUsers() => Enumerable.Range(0, 8)
        .SelectMany(part => Sidecar.State($"due:{part}")?["entries"]!.AsArray().AsEnumerable() ?? [])
        .Select(entry => (string)entry!["user_id"]!);
}
