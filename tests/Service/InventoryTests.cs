using System.Globalization;
using System.Net.Http.Json;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public abstract class InventoryFixture(Database database) : ServiceFixture("Inventory", database, ("INITIAL_STOCK", "12"));

public sealed class InventoryOnSqlite() : InventoryFixture(Database.Sqlite);

public sealed class InventoryOnPostgres() : InventoryFixture(Database.Postgres);

public sealed class InventorySqliteTests(InventoryOnSqlite fixture) : InventoryTests(fixture.Service), IClassFixture<InventoryOnSqlite>;

public sealed class InventoryPostgresTests(InventoryOnPostgres fixture) : InventoryTests(fixture.Service), IClassFixture<InventoryOnPostgres>;

/// <summary>inventory-service: stock is never negative, never leaks, and the last unit is sold once. Each test has a product of its own.</summary>
public abstract class InventoryTests(ServiceProcess service)
{
    [Fact]
    public async Task A_second_delivery_does_not_reserve_twice()
    {
        var facts = new Facts { Product = "PROD-001" };

        await service.Twice(facts.Confirmed);
        await service.Takes(facts.Confirmed);

        var reserved = await service.Sends("inventory.reserved", facts.Order);
        reserved.Key.ShouldBe(facts.Order);
        service.Sent("inventory.reserved", facts.Order).Count.ShouldBe(1);
        (await Stock("PROD-001")).ShouldBe((10, 2));
    }

    [Fact]
    public async Task A_second_delivery_after_a_crash_does_not_reserve_twice()
    {
        var facts = new Facts { Product = "PROD-014" };
        var confirmed = facts.Confirmed;
        await service.Takes(confirmed);

        await service.KillAndStartAgain();
        await service.Twice(confirmed);

        (await service.Sends("inventory.reserved", facts.Order)).Key.ShouldBe(facts.Order);
        service.Sent("inventory.reserved", facts.Order).Count.ShouldBe(1);
        (await Stock("PROD-014")).ShouldBe((10, 2));
    }

    [Fact]
    public async Task Two_customers_who_want_the_last_units_do_not_both_get_them()
    {
        Facts[] rush = [.. Enumerable.Range(0, 5).Select(_ => new Facts { Product = "PROD-002", Quantity = 4 })];

        await Task.WhenAll(rush.Select(facts => service.Once(facts.Confirmed)));

        await Eventually.Until(() => rush.Sum(f => service.Sent("inventory.reserved", f.Order).Count + service.Sent("inventory.depleted", f.Order).Count) == 5, TimeSpan.FromSeconds(30), "five answers");
        rush.Count(f => service.Sent("inventory.reserved", f.Order).Count == 1).ShouldBe(3);
        (await Stock("PROD-002")).ShouldBe((0, 12));
        var depleted = rush.SelectMany(f => service.Sent("inventory.depleted", f.Order)).First();
        ((int)depleted.Data["requested"]!).ShouldBe(4);
        ((string?)depleted.Data["product_id"]).ShouldBe("PROD-002");
    }

    [Fact]
    public async Task All_lines_of_an_order_are_reserved_or_none()
    {
        var facts = new Facts();
        var order = facts.Confirmed.With("data.items", """[{"product_id":"PROD-003","quantity":1,"price":1,"item_total":1},{"product_id":"PROD-004","quantity":13,"price":1,"item_total":13}]""");

        await service.Twice(order);

        await service.Sends("inventory.depleted", facts.Order);
        (await Stock("PROD-003")).ShouldBe((12, 0));
        (await Stock("PROD-004")).ShouldBe((12, 0));
    }

    [Fact]
    public async Task A_cancelled_order_gives_its_stock_back_once()
    {
        var facts = new Facts { Product = "PROD-005" };
        await service.Twice(facts.Confirmed);

        await service.Twice(facts.Cancelled);
        await service.Takes(facts.Cancelled);

        await service.Sends("inventory.released", facts.Order);
        service.Sent("inventory.released", facts.Order).Count.ShouldBe(1);
        (await Stock("PROD-005")).ShouldBe((12, 0));
    }

    [Fact]
    public async Task An_order_cancelled_before_the_question_never_holds_stock()
    {
        var facts = new Facts { Product = "PROD-006" };

        await service.Twice(facts.Cancelled);
        await service.Twice(facts.Confirmed);

        (await Stock("PROD-006")).ShouldBe((12, 0));
        service.Sent("inventory.reserved", facts.Order).ShouldBeEmpty();
        (await service.Sends("inventory.released", facts.Order)).Data["items"]!.AsArray().ShouldBeEmpty("inventory says that it holds nothing");
    }

    [Fact]
    public async Task Under_any_interleaving_stock_and_reserved_are_the_total()
    {
        var random = new Random(7);
        Facts[] orders = [.. Enumerable.Range(0, 20).Select(i => new Facts { Product = "PROD-007", Quantity = 1 + i % 3 })];
        string[] deliveries = [.. orders.SelectMany(f => (string[])[f.Confirmed, f.Confirmed]).Concat(orders.Where((_, i) => i % 2 == 0).Select(f => f.Cancelled))];
        random.Shuffle(deliveries);

        await Task.WhenAll(deliveries.Select(service.Once));

        var (stock, reserved) = await Stock("PROD-007");
        stock.ShouldBeGreaterThanOrEqualTo(0);
        (stock + reserved).ShouldBe(12);
        var held = await service.Query($"SELECT COALESCE(SUM(quantity), 0) FROM stock_reservations WHERE product_id = 'PROD-007' AND status = 'RESERVED'");
        int.Parse(held[0], CultureInfo.InvariantCulture).ShouldBe(reserved);
    }

    [Fact]
    public async Task The_admin_is_told_when_the_stock_crosses_the_threshold_and_not_again_below_it()
    {
        await service.Takes(new Facts { Product = "PROD-008", Quantity = 2 }.Confirmed);
        service.Sidecar.PublishedOn("inventory.low").Any(IsOfIt).ShouldBeFalse();

        await service.Takes(new Facts { Product = "PROD-008", Quantity = 2 }.Confirmed);
        var last = new Facts { Product = "PROD-008", Quantity = 2 };
        await service.Takes(last.Confirmed);
        await service.Sends("inventory.reserved", last.Order);
        // Topics go out side by side.
        await Eventually.Until(() => service.Sidecar.PublishedOn("inventory.low").Any(IsOfIt), TimeSpan.FromSeconds(30), "the admin is told");

        var low = service.Sidecar.PublishedOn("inventory.low").Single(IsOfIt);
        ((int)low.Data["current_stock"]!).ShouldBe(8);
        low.Key.ShouldBe("PROD-008");

        static bool IsOfIt(PublishedRecord r) => (string?)r.Data["product_id"] == "PROD-008";
    }

    [Fact]
    public async Task An_unknown_product_is_a_dead_letter()
    {
        var facts = new Facts { Product = "PROD-999" };

        (await service.Once(facts.Confirmed)).ShouldBe("SUCCESS");

        await Eventually.Until(() => service.DeadLetters.Any(d => d["error_reason"]!.ToString() == "there is no product PROD-999"), TimeSpan.FromSeconds(20), "a dead letter");
    }

    [Fact]
    public async Task A_restock_adds_to_the_shelf_and_to_the_books()
    {
        using var answer = await service.Http.PostAsJsonAsync("/products/PROD-009/restock", new { quantity = 5 });

        answer.EnsureSuccessStatusCode();
        var product = await service.Get("/products/PROD-009");
        ((int)product["stock"]!).ShouldBe(17);
        ((int)product["restocked"]!).ShouldBe(5);
    }

    [Fact]
    public async Task A_restock_with_a_key_is_made_once_and_its_repetitions_get_the_first_answer()
    {
        // PROD-011 is no other test's.
        Task<(System.Net.HttpStatusCode Status, System.Text.Json.Nodes.JsonNode Body)> Restock(string product, string key) =>
            service.Http.Send("POST", $"/products/{product}/restock", """{"quantity":5}""", headers: ("Idempotency-Key", key));

        var first = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Restock("PROD-011", "monday")));
        await Restock("PROD-011", "tuesday");
        var again = await Restock("PROD-011", "monday");

        foreach (var (status, body) in first.Append(again))
            ((int)status, (int)body["stock"]!, (int)body["restocked"]!).ShouldBe((200, 17, 5));
        (await Stock("PROD-011")).ShouldBe((22, 0));
        ((int)(await Restock("PROD-012", "monday")).Body["stock"]!).ShouldBe(17, "a key is a product's");
        await service.Http.ShouldRefuse(422, "POST", "/products/PROD-011/restock", """{"quantity":6}""", headers: ("Idempotency-Key", "monday"));
        await service.Http.ShouldRefuse(422, "POST", "/products/PROD-011/restock", """{"quantity":5}""", headers: ("Idempotency-Key", "a b"));
        (await Stock("PROD-011")).ShouldBe((22, 0));
    }

    [Fact]
    public async Task A_restocks_key_is_forgotten_after_a_day()
    {
        Task Restock() => service.Http.Send("POST", "/products/PROD-013/restock", """{"quantity":5}""", headers: ("Idempotency-Key", "weekly"));
        await Restock();

        await service.Change("UPDATE restocks SET at = '2026-01-01 00:00:00' WHERE product_id = 'PROD-013'");
        await Restock();
        await Restock();

        (await Stock("PROD-013")).ShouldBe((22, 0));
    }

    [Theory]
    [InlineData("{\"quantity\":0}", 422)]
    [InlineData("{\"quantity\":-1}", 422)]
    [InlineData("{\"quantity\":1e999}", 422)]
    [InlineData("{\"quantity\":\"5\"}", 422)]
    [InlineData("{\"quantity\":null}", 422)]
    [InlineData("{}", 422)]
    [InlineData("nonsense", 400)]
    public async Task A_bad_restock_is_explained_and_changes_nothing(string body, int status)
    {
        using var answer = await service.Http.PostAsync("/products/PROD-010/restock", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await Stock("PROD-010")).ShouldBe((12, 0));
    }

    [Fact]
    public async Task The_catalogue_is_the_specifications_and_seeding_twice_changes_nothing()
    {
        await service.KillAndStartAgain();

        var page = await service.Get("/products");

        ((int)page["total_products"]!).ShouldBe(20);
        page["products"]!.AsArray().Select(p => $"{p!["product_id"]} {p["name"]} {p["price"]}").First().ShouldBe("PROD-001 Wireless Headphones 149.99");
        page["products"]!.AsArray().Sum(p => (decimal)p!["price"]!).ShouldBe(968.80m);
    }

    async Task<(int Stock, int Reserved)> Stock(string product)
    {
        var p = await service.Get($"/products/{product}");
        return ((int)p["stock"]!, (int)p["reserved"]!);
    }
}
