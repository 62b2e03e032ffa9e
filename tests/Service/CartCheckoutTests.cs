using System.Net;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

/// <summary>One cart, one order: however often, with which key and at which replica it is asked for.</summary>
public sealed class CartCheckoutTests(CartFixture fixture) : CartScenario(fixture), IClassFixture<CartFixture>
{
    [Fact]
    public async Task Checkouts_at_the_same_time_give_one_order_and_the_same_answer()
    {
        await Add("PROD-001");
        // All eight read the full cart before the first goes on.
        var reads = 0;
        var all = new TaskCompletionSource();
        Sidecar.OnRead = key =>
        {
            if (key == $"cart:{User}" && Interlocked.Increment(ref reads) == 8)
                all.SetResult();
            return key == $"cart:{User}" ? all.Task.WaitAsync(TimeSpan.FromSeconds(10)) : Task.CompletedTask;
        };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CheckOut()));

        answers.ShouldAllBe(a => a.Status == HttpStatusCode.OK);
        answers.Select(a => (string)a.Body["order_id"]!).Distinct().ShouldHaveSingleItem();
        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_click_gets_the_first_answer(bool onAnotherReplica)
    {
        await using var replica = onAnotherReplica ? await Cart.AnotherReplica() : null;
        await Add("PROD-001");
        var (_, first) = await CheckOut();
        LastCheckoutWas(TimeSpan.FromSeconds(3));

        var (status, second) = await CheckOut(at: replica?.Http);

        status.ShouldBe(HttpStatusCode.OK);
        second.ToJsonString().ShouldBe(first.ToJsonString());
        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_second_click_gets_the_first_answer_after_a_restart()
    {
        await Add("PROD-001");
        var (_, first) = await CheckOut();
        await Cart.KillAndStartAgain();
        LastCheckoutWas(TimeSpan.FromSeconds(3));

        var (_, second) = await CheckOut();

        second.ToJsonString().ShouldBe(first.ToJsonString());
        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Later_a_checkout_finds_the_cart_empty(bool restarted)
    {
        await Add("PROD-001");
        await CheckOut();
        LastCheckoutWas(TimeSpan.FromSeconds(11));
        if (restarted)
            await Cart.KillAndStartAgain();

        var problem = await Http.ShouldRefuse(400, "POST", $"/cart/{User}/checkout");

        ((string?)problem["detail"]).ShouldBe("The cart is empty.");
        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_second_click_that_pays_otherwise_is_no_repetition()
    {
        await Add("PROD-001");
        await CheckOut(token: "tok_card_declined");

        await Http.ShouldRefuse(400, "POST", $"/cart/{User}/checkout", """{"payment_token":"tok_success"}""");
    }

    [Fact]
    public async Task The_same_key_gets_the_first_answer_however_many_checkouts_came_between()
    {
        await Add("PROD-001");
        var (_, first) = await CheckOut(key: "key-0");
        for (var i = 1; i <= 7; i++)
        {
            await Add("PROD-002");
            await CheckOut(key: $"key-{i}");
        }
        await Add("PROD-003");

        var (status, again) = await CheckOut(key: "key-0");

        status.ShouldBe(HttpStatusCode.OK);
        again.ToJsonString().ShouldBe(first.ToJsonString());
        (await Told(CheckedOut, 8)).Select(r => r.Id).Distinct().Count().ShouldBe(8);
        Sidecar.TimeToLive($"checkout:{User}:key-0").ShouldBe("86400");
    }

    [Fact]
    public async Task The_same_key_gets_the_first_answer_at_another_replica()
    {
        await using var replica = await Cart.AnotherReplica();
        await Add("PROD-001");
        var (_, first) = await CheckOut(key: "key-1");
        await Add("PROD-002", at: replica.Http);

        var (_, again) = await CheckOut(key: "key-1", at: replica.Http);

        again.ToJsonString().ShouldBe(first.ToJsonString());
        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_key_with_another_payment_token_is_refused(bool remembered)
    {
        await Add("PROD-001");
        await CheckOut(key: "key-1", token: "tok_success");
        if (remembered)
        {
            await Eventually.Until(() => Sidecar.State($"checkout:{User}:key-1") is not null, Soon, "the checkout is remembered");
            await Add("PROD-002");
            Sidecar.ChangeState($"cart:{User}", cart => cart["checkouts"]!.AsArray().Clear());
        }

        var problem = await Http.ShouldRefuse(422, "POST", $"/cart/{User}/checkout", """{"payment_token":"tok_card_declined"}""", headers: ("Idempotency-Key", "key-1"));

        ((string)problem["detail"]!).ShouldContain("Idempotency-Key");
        Of(CheckedOut).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_key_that_is_remembered_while_its_repetition_waits_for_the_due_list_is_found_all_the_same()
    {
        TaskCompletionSource broker = new(), list = new(), waiting = new(), looked = new();
        // It has no due list yet, and must have written one before it saves.
        await using var replica = await Cart.AnotherReplica();
        await Add("PROD-001");
        await Told(Added, 1);
        Sidecar.OnPublishing = (_, body) => body.Contains(User) ? broker.Task : Task.CompletedTask;
        var first = CheckOut(key: "key-1");
        await Eventually.Until(() => State["checkouts"]!.AsArray().Count == 1, Soon, "the first checkout is saved");
        await Add("PROD-002");
        var second = CheckOut(key: "key-2");
        await Eventually.Until(() => State["checkouts"]!.AsArray().Count == 2, Soon, "the second checkout is saved");
        await Add("PROD-003");
        Sidecar.OnSaving = key =>
        {
            if (key != $"due:{User.Sum(letter => letter) % 8}")
                return Task.CompletedTask;
            waiting.TrySetResult();
            return list.Task;
        };
        Sidecar.OnRead = key =>
        {
            if (key == $"checkout:{User}:key-1")
                looked.TrySetResult();
            return Task.CompletedTask;
        };

        var again = CheckOut(key: "key-1", at: replica.Http);
        await Task.WhenAll(waiting.Task, looked.Task).WaitAsync(Eventually.OnABusyMachine(Soon));
        broker.SetResult();
        await Eventually.Until(() => Sidecar.State($"checkout:{User}:key-2") is not null, Soon, "both checkouts are remembered");
        list.SetResult();

        (await again).Body.ToJsonString().ShouldBe((await first).Body.ToJsonString());
        await second;
        Of(CheckedOut).Select(r => r.Id).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_kill_before_the_key_is_remembered_does_not_lose_it()
    {
        await Add("PROD-001");
        var tried = false;
        Sidecar.OnSaving = key => Task.Delay((tried |= key == $"checkout:{User}:key-1") && key.StartsWith("checkout:", StringComparison.Ordinal) ? Timeout.Infinite : 0);
        var (_, first) = await CheckOut(key: "key-1");
        await Eventually.Until(() => tried, Soon, "the key is about to be remembered");
        await Cart.KillAndStartAgain();
        Sidecar.OnSaving = _ => Task.CompletedTask;
        for (var i = 2; i <= 8; i++)
        {
            await Add("PROD-002");
            await CheckOut(key: $"key-{i}");
        }
        await Add("PROD-003");

        var (_, again) = await CheckOut(key: "key-1");

        again.ToJsonString().ShouldBe(first.ToJsonString());
    }

    [Fact]
    public async Task Another_key_for_the_same_click_is_remembered_too()
    {
        await Add("PROD-001");
        var (_, first) = await CheckOut(key: "key-1");
        await CheckOut(key: "key-2");
        await Add("PROD-002");

        var (_, again) = await CheckOut(key: "key-2");

        again.ToJsonString().ShouldBe(first.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_checkout_that_the_broker_does_not_have_is_answered_503_and_is_the_same_order_when_asked_again(bool killed)
    {
        await Add("PROD-001");
        await Told(Added, 1);
        Sidecar.OnPublish = (topic, body) => topic == CheckedOut && body.Contains(User) ? new(new(StatusCode.Internal, "broker is away")) : null;

        var problem = await Http.ShouldRefuse(503, "POST", $"/cart/{User}/checkout", headers: ("Idempotency-Key", "key-1"));
        var order = (string?)State["checkouts"]![0]!["order_id"];
        if (killed)
            await Cart.KillAndStartAgain();
        Sidecar.OnPublish = (_, _) => null;
        var (status, answer) = await CheckOut(key: "key-1");

        ((string?)problem["order_id"]).ShouldBe(order);
        ((string)problem["detail"]!).ShouldContain(order!);
        ((string)problem["detail"]!).ShouldContain("Idempotency-Key");
        status.ShouldBe(HttpStatusCode.OK);
        ((string?)answer["order_id"]).ShouldBe(order);
        Of(CheckedOut).Select(r => (string?)r.Data["order_id"]).Distinct().ShouldBe([order]);
    }

    /// <summary>As if the last checkout had been made so long ago, whatever the test took.</summary>
    void LastCheckoutWas(TimeSpan ago) =>
        Sidecar.ChangeState($"cart:{User}", cart => cart["checkouts"]!.AsArray()[^1]!["at"] = DateTimeOffset.UtcNow - ago);
}
