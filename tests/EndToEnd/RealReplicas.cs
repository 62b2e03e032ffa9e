using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>Two replicas of every service on the same broker and database; in the middle of the traffic one of each dies.</summary>
[Needs(Runtime.RealWorld)]
public class RealReplicas(RealReplicas.ReplicatedWorld world) : IClassFixture<RealReplicas.ReplicatedWorld>
{
    const int Customers = 36;
    const string Product = "PROD-019";
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(90), TakeOver = TimeSpan.FromSeconds(15);

    /// <summary>The services that have queues; each of them led by one replica.</summary>
    static readonly string[] Leading = [AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification];

    static readonly string[] Services = [AppIds.Cart, .. Leading, AppIds.Analytics];

    [Fact]
    public async Task Every_order_ends_once_though_one_replica_of_each_service_is_killed()
    {
        var first = world.Shop;
        await using var second = await first.StartReplica();
        using var customer = first.CustomerOfBoth(second);
        foreach (var appId in Leading)
            await Eventually.Until(async () => Sum(await first.Leads(appId), await second.Leads(appId)).All(queue => queue.Value == 1), TakeOver, $"one replica of {appId} leads each of its queues");
        var stock = await world.Stock(Product);

        string[] users = [.. Enumerable.Range(0, Customers).Select(_ => Customer.NewUser("ivy"))];
        List<Task<string>> orders = [.. users[..12].Select(Order)];
        await Task.WhenAny(orders);
        // The first were there first, and lead.
        foreach (var (appId, more) in Services.Zip(users[12..].Chunk(4)))
        {
            first.KillReplica(appId);
            orders.AddRange(more.Select(Order));
        }
        var orderIds = await Task.WhenAll(orders);
        foreach (var orderId in orderIds)
            await customer.WaitFor(orderId, "FULFILLED", Recovery);

        orderIds.Distinct().Count().ShouldBe(Customers);
        (await world.Stock(Product)).ShouldBe(stock - Customers);
        foreach (var appId in Leading)
            await Eventually.Until(async () => (await second.Leads(appId)).Values.All(lead => lead == 1), TakeOver, $"the second replica of {appId} leads each of its queues");
        // Mails go one after another: only the one that was under way when its sender was killed can have gone twice.
        (await world.Confirmed(orderIds)).ShouldBeLessThanOrEqualTo(Customers + 1);
        (await second.Audit()).ShouldContain("\"books_ok\":true");

        Task<string> Order(string user) => customer.Order(user, PaymentTokens.Success, (Product, 1));
    }

    static Dictionary<string, int> Sum(params IReadOnlyDictionary<string, int>[] replicas)
    {
        replicas[0].ShouldNotBeEmpty();
        return replicas.SelectMany(queue => queue).GroupBy(queue => queue.Key).ToDictionary(queue => queue.Key, queue => queue.Sum(lead => lead.Value));
    }

    public sealed class ReplicatedWorld : RealWorld
    {
        protected override int Brokers => 1;
    }
}
