using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;
using StackExchange.Redis;

namespace Ecom.Tests.EndToEnd;

/// <summary>Another broker and another cart store by other YAML: the programs are the same.</summary>
[Needs(Runtime.RealWorld)]
public class SwappedComponents(SwappedComponents.SwappedWorld world) : IClassFixture<SwappedComponents.SwappedWorld>
{
    [Fact]
    public async Task The_same_order_runs_on_redis_streams_with_carts_in_postgresql()
    {
        var user = Customer.NewUser("max");

        await world.Customer.Add(user, "PROD-001", 1);
        var carts = await world.Rows("public", "SELECT key FROM carts_state WHERE key LIKE '%' || $1", $"cart:{user}");
        var orderId = await world.Customer.Checkout(user, PaymentTokens.Success);
        await world.Customer.WaitFor(orderId, "FULFILLED");

        carts.Count.ShouldBe(1);
        (await world.Mail($"Order Confirmed #{orderId}")).To.ShouldBe([$"{user}@example.com"]);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(world.Backends.Redis.Host);
        var stream = await redis.GetDatabase().StreamRangeAsync(Topics.OrderCreated);
        // It may come to the broker twice, with one id.
        stream.Select(entry => $"{entry["data"]}").Where(data => data.Contains(orderId, StringComparison.Ordinal))
            .DistinctBy(data => JsonSerializer.Deserialize<JsonElement>(data).GetProperty("id").GetString()).Count().ShouldBe(1);
        (await world.Shop.Audit()).ShouldContain("\"books_ok\":true");
    }

    public sealed class SwappedWorld : RealWorld
    {
        protected override int Brokers => 0;

        protected override string Components => Repository.File("tests/EndToEnd/components-swapped");
    }
}
