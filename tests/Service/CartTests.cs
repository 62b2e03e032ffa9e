using System.Net;
using Grpc.Core;

namespace Ecom.Tests.Service;

public sealed class CartTests(CartFixture fixture) : CartScenario(fixture), IClassFixture<CartFixture>
{
    [Fact]
    public async Task An_item_is_added_at_the_catalogues_price_and_told_of()
    {
        var (status, cart) = await Add("PROD-001", 2);

        status.ShouldBe(HttpStatusCode.Created);
        ((string?)cart["message"]).ShouldBe("Item added to cart");
        ((decimal)cart["total_amount"]!).ShouldBe(3.98m);
        ((int)cart["item_count"]!).ShouldBe(2);
        cart["items"]![0]!.ToJsonString().ShouldBe("""{"product_id":"PROD-001","name":"Product PROD-001","quantity":2,"price":1.99,"item_total":3.98}""");
        var told = (await Told(Added, 1))[0];
        told.Key.ShouldBe(User);
        told.ContentType.ShouldBe("application/cloudevents+json");
        told.Data.ToJsonString().ShouldBe($$"""{"user_id":"{{User}}","product_id":"PROD-001","quantity":2,"price":1.99}""");
        ((string?)told.Envelope["source"]).ShouldBe("cart-service");
        Sidecar.TimeToLive($"cart:{User}").ShouldBe("7200");
    }

    [Fact]
    public async Task Adding_a_product_again_adds_to_its_quantity()
    {
        await Add("PROD-001", 2);
        await Add("PROD-001", 3);

        var cart = await Cart.Get($"/cart/{User}");

        cart["items"]!.AsArray().Count.ShouldBe(1);
        ((int)cart["items"]![0]!["quantity"]!).ShouldBe(5);
    }

    [Fact]
    public async Task Adds_side_by_side_are_all_kept()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Add("PROD-002", 1)));

        var cart = await Cart.Get($"/cart/{User}");

        ((int)cart["item_count"]!).ShouldBe(12);
        (await Told(Added, 12)).Select(r => r.Id).Distinct().Count().ShouldBe(12);
    }

    [Fact]
    public async Task A_quantity_can_be_changed_and_0_removes()
    {
        await Add("PROD-001", 2);

        var (more, cart) = await Http.Send("PUT", $"/cart/{User}/items/PROD-001", """{"quantity":7}""");
        var (gone, empty) = await Http.Send("PUT", $"/cart/{User}/items/PROD-001", """{"quantity":0}""");

        more.ShouldBe(HttpStatusCode.OK);
        ((int)cart["item_count"]!).ShouldBe(7);
        gone.ShouldBe(HttpStatusCode.OK);
        empty["items"]!.AsArray().ShouldBeEmpty();
        await Told("cart.item_removed", 1);
        Of(Added).Select(r => (int)r.Data["quantity"]!).ShouldBe([2, 5]);
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
        var told = Of(CheckedOut).ShouldHaveSingleItem();
        told.Data.ToJsonString().ShouldBe($$"""{"order_id":"{{order}}","user_id":"{{User}}","items":[{"product_id":"PROD-001","quantity":2,"price":1.99,"item_total":3.98},{"product_id":"PROD-003","quantity":1,"price":3.99,"item_total":3.99}],"total_amount":7.97,"payment_token":"tok_success"}""");
        ((string?)told.Envelope["correlationid"]).ShouldBe(told.Id);
        (await Cart.Get($"/cart/{User}"))["items"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_empty_cart_is_not_checked_out()
    {
        var problem = await Http.ShouldRefuse(400, "POST", $"/cart/{User}/checkout");

        ((string?)problem["detail"]).ShouldBe("The cart is empty.");
        Sidecar.PublishedOn(CheckedOut).ShouldNotContain(r => r.Key == User);
    }

    [Fact]
    public async Task Without_inventory_the_answer_is_a_503_that_names_it_and_later_all_is_well()
    {
        Sidecar.CatalogueIsAway = true;
        var problem = await Http.ShouldRefuse(503, "POST", $"/cart/{User}/items", """{"product_id":"PROD-119","quantity":1}""");
        Sidecar.CatalogueIsAway = false;

        ((string?)problem["detail"]).ShouldBe("inventory-service does not answer right now. Try again.");
        (await Add("PROD-119")).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Without_the_store_the_answer_is_a_503_that_names_it_and_later_all_is_well()
    {
        Sidecar.OnSave = (_, _) => new(new(StatusCode.Internal, "failed saving state: connection refused"));
        var problem = await Http.ShouldRefuse(503, "POST", $"/cart/{User}/items", """{"product_id":"PROD-001","quantity":1}""");
        Sidecar.OnSave = (_, _) => null;

        ((string?)problem["detail"]).ShouldBe("The carts' store does not answer right now. Try again.");
        (await Add("PROD-001")).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Name_and_price_are_asked_for_once_in_some_seconds()
    {
        // The first of all takes longer than a name is known for.
        await Add("PROD-001");
        await Add("PROD-118");
        await Add("PROD-118");

        Sidecar.Calls.Count(call => call == "ask PROD-118").ShouldBe(1);
    }

    [Fact]
    public async Task A_product_that_was_not_there_is_asked_for_again()
    {
        await Http.ShouldRefuse(404, "POST", $"/cart/{User}/items", """{"product_id":"PROD-999","quantity":1}""");
        await Http.ShouldRefuse(404, "POST", $"/cart/{User}/items", """{"product_id":"PROD-999","quantity":1}""");

        Sidecar.Calls.Count(call => call == "ask PROD-999").ShouldBe(2);
    }

    [Fact]
    public async Task A_price_that_differs_is_answered_with_the_right_one()
    {
        var problem = await Http.ShouldRefuse(409, "POST", $"/cart/{User}/items", """{"product_id":"PROD-001","quantity":1,"price":1.98}""");

        ((decimal)problem["price"]!).ShouldBe(1.99m);
        (await Http.Send("POST", $"/cart/{User}/items", """{"product_id":"PROD-001","quantity":1,"price":1.99}""")).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_cart_holds_at_most_999_of_a_product_and_100_products()
    {
        await Add("PROD-001", 999);
        await Http.ShouldRefuse(422, "POST", $"/cart/{User}/items", """{"product_id":"PROD-001","quantity":1}""");
        for (var i = 2; i <= 100; i++)
            await Add($"PROD-{i:000}", 1);

        await Http.ShouldRefuse(422, "POST", $"/cart/{User}/items", """{"product_id":"PROD-101","quantity":1}""");

        (await CheckOut()).Status.ShouldBe(HttpStatusCode.OK);
    }
}
