using System.Net;
using System.Text.Json.Nodes;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

public sealed class CartFixture : IAsyncLifetime
{
    public ServiceProcess Cart { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cart = await ServiceProcess.Start("Cart", settings: new Dictionary<string, string> { ["CART_TTL_HOURS"] = "2" });

    public async ValueTask DisposeAsync() => await (Cart?.DisposeAsync() ?? ValueTask.CompletedTask);
}

public sealed class CartTests(CartFixture fixture) : IClassFixture<CartFixture>, IDisposable
{
    const string Checkout = "cart.checkout_initiated";
    readonly string user = $"u-{Guid.NewGuid():N}";

    HttpClient Http => fixture.Cart.Http;

    FakeSidecar Sidecar => fixture.Cart.Sidecar;

    public void Dispose()
    {
        Sidecar.OnPublish = (_, _) => null;
        Sidecar.OnSave = (_, _) => null;
        Sidecar.OnRead = _ => Task.CompletedTask;
        Sidecar.CatalogueIsAway = false;
    }

    [Fact]
    public async Task An_item_is_added_at_the_catalogues_price_and_told_of()
    {
        var (status, cart) = await Add("PROD-001", 2);

        status.ShouldBe(HttpStatusCode.Created);
        ((string?)cart["message"]).ShouldBe("Item added to cart");
        ((decimal)cart["total_amount"]!).ShouldBe(3.98m);
        ((int)cart["item_count"]!).ShouldBe(2);
        cart["items"]![0]!.ToJsonString().ShouldBe("""{"product_id":"PROD-001","name":"Product PROD-001","quantity":2,"price":1.99,"item_total":3.98}""");
        var told = Of("cart.item_added").ShouldHaveSingleItem();
        told.Key.ShouldBe(user);
        told.ContentType.ShouldBe("application/cloudevents+json");
        told.Data.ToJsonString().ShouldBe($$"""{"user_id":"{{user}}","product_id":"PROD-001","quantity":2,"price":1.99}""");
        ((string?)told.Envelope["source"]).ShouldBe("cart-service");
        Sidecar.TimeToLive($"cart:{user}").ShouldBe("7200");
    }

    [Fact]
    public async Task Adding_a_product_again_adds_to_its_quantity()
    {
        await Add("PROD-001", 2);
        await Add("PROD-001", 3);

        var cart = await fixture.Cart.Get($"/cart/{user}");

        cart["items"]!.AsArray().Count.ShouldBe(1);
        ((int)cart["items"]![0]!["quantity"]!).ShouldBe(5);
    }

    [Fact]
    public async Task Adds_side_by_side_are_all_kept()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Add("PROD-002", 1)));

        var cart = await fixture.Cart.Get($"/cart/{user}");

        ((int)cart["item_count"]!).ShouldBe(12);
        Of("cart.item_added").Select(r => r.Id).Distinct().Count().ShouldBe(12);
    }

    [Fact]
    public async Task A_quantity_can_be_changed_and_0_removes()
    {
        await Add("PROD-001", 2);

        var (more, cart) = await Http.Send("PUT", $"/cart/{user}/items/PROD-001", """{"quantity":7}""");
        var (gone, empty) = await Http.Send("PUT", $"/cart/{user}/items/PROD-001", """{"quantity":0}""");

        more.ShouldBe(HttpStatusCode.OK);
        ((int)cart["item_count"]!).ShouldBe(7);
        gone.ShouldBe(HttpStatusCode.OK);
        empty["items"]!.AsArray().ShouldBeEmpty();
        Of("cart.item_added").Select(r => (int)r.Data["quantity"]!).ShouldBe([2, 5]);
        Of("cart.item_removed").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_checkout_empties_the_cart_into_an_order()
    {
        await Add("PROD-001", 2);
        await Add("PROD-003", 1);

        var (status, answer) = await CheckOut(token: "tok_success");

        status.ShouldBe(HttpStatusCode.OK);
        ((string?)answer["message"]).ShouldBe("Checkout initiated");
        ((decimal)answer["cart"]!["total_amount"]!).ShouldBe(7.97m);
        var order = (string)answer["order_id"]!;
        order.ShouldMatch("^ORD-[0-9A-HJKMNP-TV-Z]{26}$");
        var told = Of(Checkout).ShouldHaveSingleItem();
        told.Data.ToJsonString().ShouldBe($$"""{"order_id":"{{order}}","user_id":"{{user}}","items":[{"product_id":"PROD-001","quantity":2,"price":1.99,"item_total":3.98},{"product_id":"PROD-003","quantity":1,"price":3.99,"item_total":3.99}],"total_amount":7.97,"payment_token":"tok_success"}""");
        ((string?)told.Envelope["correlationid"]).ShouldBe(told.Id);
        (await fixture.Cart.Get($"/cart/{user}"))["items"]!.AsArray().ShouldBeEmpty();
        (await Http.ShouldRefuse(400, "POST", $"/cart/{user}/checkout"))["detail"]!.ToString().ShouldBe("The cart is empty.");
        Of(Checkout).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Checkouts_at_the_same_time_give_one_order_and_the_same_answer()
    {
        await Add("PROD-001", 1);
        // One that came after the others were done would rightly find an empty cart: all eight read it before the first goes on.
        var reads = 0;
        var all = new TaskCompletionSource();
        Sidecar.OnRead = _ =>
        {
            if (Interlocked.Increment(ref reads) == 8)
                all.SetResult();
            return all.Task.WaitAsync(TimeSpan.FromSeconds(10));
        };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CheckOut()));

        answers.ShouldAllBe(a => a.Status == HttpStatusCode.OK);
        answers.Select(a => (string)a.Body["order_id"]!).Distinct().ShouldHaveSingleItem();
        Of(Checkout).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_checkout_that_read_the_full_cart_before_another_emptied_it_gets_the_others_order()
    {
        await Add("PROD-001", 1);
        using var both = new Barrier(2);
        var reads = 0;
        Sidecar.OnRead = _ => Interlocked.Increment(ref reads) <= 2 ? Task.Run(() => both.SignalAndWait(TimeSpan.FromSeconds(10))) : Task.CompletedTask;

        var answers = await Task.WhenAll(CheckOut(), CheckOut());

        answers.Select(a => (string)a.Body["order_id"]!).Distinct().ShouldHaveSingleItem();
        Of(Checkout).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_same_idempotency_key_gets_the_same_order_also_with_new_items_in_the_cart()
    {
        await Add("PROD-001", 1);
        var (_, first) = await CheckOut(key: "key-1");
        await Add("PROD-002", 1);

        var (_, again) = await CheckOut(key: "key-1");
        var (_, next) = await CheckOut(key: "key-2");

        again.ToJsonString().ShouldBe(first.ToJsonString());
        next["order_id"]!.ToString().ShouldNotBe(first["order_id"]!.ToString());
        Of(Checkout).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_checkout_whose_publishing_failed_is_the_same_order_when_it_is_asked_again(bool killed)
    {
        await Add("PROD-001", 1);
        var failures = 0;
        Sidecar.OnPublish = (topic, _) => topic == Checkout && failures++ == 0 ? new(new(StatusCode.Internal, "broker is away")) : null;

        await Http.ShouldRefuse(503, "POST", $"/cart/{user}/checkout");
        Of(Checkout).ShouldBeEmpty();
        var order = (string?)Sidecar.State($"cart:{user}")!["checkouts"]![0]!["order_id"];
        if (killed)
            await fixture.Cart.KillAndStartAgain();
        var (status, answer) = await CheckOut();

        status.ShouldBe(HttpStatusCode.OK);
        ((string?)answer["order_id"]).ShouldBe(order);
        Of(Checkout).Select(r => (string?)r.Data["order_id"]).ShouldBe([order]);
    }

    [Fact]
    public async Task Whoever_comes_to_the_cart_finishes_a_checkout_that_was_left()
    {
        await Add("PROD-001", 1);
        var failures = 0;
        Sidecar.OnPublish = (topic, _) => topic == Checkout && failures++ == 0 ? new(new(StatusCode.Unavailable, "broker is away")) : null;
        await Http.ShouldRefuse(503, "POST", $"/cart/{user}/checkout");

        await fixture.Cart.Get($"/cart/{user}");

        Of(Checkout).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_killed_service_may_send_the_last_event_twice_but_never_two_orders()
    {
        await Add("PROD-001", 1);
        await CheckOut();
        await fixture.Cart.KillAndStartAgain();

        await Add("PROD-002", 1);
        await fixture.Cart.Get($"/cart/{user}");

        Of(Checkout).Select(r => r.Id).Distinct().ShouldHaveSingleItem();
        Sidecar.State($"cart:{user}")!["pending"]!.AsArray().Select(e => (string?)e!["topic"]).ShouldBe(["cart.item_added"]);
    }

    [Fact]
    public async Task A_save_that_went_through_without_its_answer_is_not_made_twice()
    {
        await Add("PROD-001", 1);
        var saves = 0;
        Sidecar.OnSave = (_, save) =>
        {
            if (saves++ > 0)
                return null;
            save();
            return new(new(StatusCode.Aborted, "possible etag mismatch after the sidecar's own retry"));
        };

        var (status, cart) = await Add("PROD-001", 2);

        status.ShouldBe(HttpStatusCode.Created);
        ((int)cart["item_count"]!).ShouldBe(3);
        ((int)(await fixture.Cart.Get($"/cart/{user}"))["item_count"]!).ShouldBe(3);
        Of("cart.item_added").Count.ShouldBe(2);
    }

    [Fact]
    public async Task Without_catalogue_or_store_the_answer_is_503_and_later_all_is_well()
    {
        Sidecar.CatalogueIsAway = true;
        await Http.ShouldRefuse(503, "POST", $"/cart/{user}/items", """{"product_id":"PROD-001","quantity":1}""");
        Sidecar.CatalogueIsAway = false;
        Sidecar.OnSave = (_, _) => new(new(StatusCode.Internal, "failed saving state: connection refused"));
        await Http.ShouldRefuse(503, "POST", $"/cart/{user}/items", """{"product_id":"PROD-001","quantity":1}""");
        Sidecar.OnSave = (_, _) => null;

        (await Add("PROD-001", 1)).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_item_whose_event_cannot_go_out_yet_is_added_all_the_same()
    {
        var failures = 0;
        Sidecar.OnPublish = (_, _) => failures++ == 0 ? new(new(StatusCode.Internal, "broker is away")) : null;

        (await Add("PROD-001", 1)).Status.ShouldBe(HttpStatusCode.Created);
        Of("cart.item_added").ShouldBeEmpty();
        await Add("PROD-002", 1);

        Of("cart.item_added").Select(r => (string?)r.Data["product_id"]).ShouldBe(["PROD-001", "PROD-002"]);
    }

    [Fact]
    public async Task A_price_that_differs_is_answered_with_the_right_one()
    {
        var problem = await Http.ShouldRefuse(409, "POST", $"/cart/{user}/items", """{"product_id":"PROD-001","quantity":1,"price":1.98}""");

        ((decimal)problem["price"]!).ShouldBe(1.99m);
        (await Http.Send("POST", $"/cart/{user}/items", """{"product_id":"PROD-001","quantity":1,"price":1.99}""")).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_cart_holds_at_most_999_of_a_product_and_100_products()
    {
        await Add("PROD-001", 999);
        await Http.ShouldRefuse(422, "POST", $"/cart/{user}/items", """{"product_id":"PROD-001","quantity":1}""");
        for (var i = 2; i <= 100; i++)
            await Add($"PROD-{i:000}", 1);

        await Http.ShouldRefuse(422, "POST", $"/cart/{user}/items", """{"product_id":"PROD-101","quantity":1}""");

        (await CheckOut()).Status.ShouldBe(HttpStatusCode.OK);
    }

    Task<(HttpStatusCode Status, JsonNode Body)> Add(string product, int quantity) =>
        Http.Send("POST", $"/cart/{user}/items", $$"""{"product_id":"{{product}}","quantity":{{quantity}}}""");

    Task<(HttpStatusCode Status, JsonNode Body)> CheckOut(string? key = null, string? token = null) =>
        Http.Send("POST", $"/cart/{user}/checkout", token is null ? null : $$"""{"payment_token":"{{token}}"}""", headers: key is null ? [] : [("Idempotency-Key", key)]);

    List<PublishedRecord> Of(string topic) => [.. Sidecar.PublishedOn(topic).Where(r => r.Key == user)];
}
