using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>Two replicas of every service on the same broker and database; in the middle of the traffic one of each dies.</summary>
[Needs(Runtime.RealWorld)]
public sealed class RealReplicas(OneBrokerWorld world) : ReplicasSuite<OneBrokerWorld>(world)
{
    protected override Task<RunningShop> StartSecond() => First.StartReplica();
}

/// <summary>The same as a rolling update: the first replica, which brought the schema, is an earlier release's, and has orders under way when today's starts beside it.</summary>
[Needs(Runtime.RealWorld | Runtime.EarlierRelease)]
[Trait("Length", "Long")]
public sealed class RealRollingUpdate(UpdatedWorld world) : ReplicasSuite<UpdatedWorld>(world)
{
    protected override Task<RunningShop> StartSecond() => First.StartReplica(Repository.Root);
}

public sealed class UpdatedWorld : OneBrokerWorld
{
    protected override string Release => Runtimes.Has(Runtime.EarlierRelease) ? Runtimes.EarlierRelease : base.Release;
}

public abstract class ReplicasSuite<TWorld>(TWorld world) : IClassFixture<TWorld> where TWorld : RealWorld
{
    const int Customers = 36, Early = 6;
    const string Product = "PROD-019";
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(90), TakeOver = TimeSpan.FromSeconds(15);

    /// <summary>The services that have queues; each of them led by one replica.</summary>
    static readonly string[] Leading = [AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification];

    static readonly string[] Services = [AppIds.Cart, .. Leading, AppIds.Analytics];

    [Fact]
    public async Task Every_order_ends_once_though_one_replica_of_each_service_is_killed()
    {
        var stock = await world.Stock(Product);
        string[] users = [.. Enumerable.Range(0, Customers).Select(_ => Customer.NewUser("ivy"))];
        // The first orders wait for their payment while the second replica starts.
        using var payment = First.FreezeApp(AppIds.Payment);
        List<Task<string>> orders = [.. users[..Early].Select(user => Order(First.Customer, user))];
        await Task.WhenAll(orders);
        await Eventually.Until(async () => (long)(await world.Row("order_service", "SELECT count(*) FROM orders WHERE status = 'PENDING'"))!["count"]! == Early, Recovery, "all of them wait");
        await using var second = await StartSecond();
        payment.Dispose();
        using var customer = First.CustomerOfBoth(second);
        foreach (var appId in Leading)
            await Eventually.Until(async () => Sum(await First.Leads(appId), await second.Leads(appId)).All(queue => queue.Value == 1), TakeOver, $"one replica of {appId} leads each of its queues");

        orders.AddRange(users[Early..12].Select(user => Order(customer, user)));
        await Task.WhenAny(orders[Early..]);
        // The first were there first, and lead.
        foreach (var (appId, more) in Services.Zip(users[12..].Chunk(4)))
        {
            First.KillReplica(appId);
            orders.AddRange(more.Select(user => Order(customer, user)));
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

        static Task<string> Order(Customer customer, string user) => customer.Order(user, PaymentTokens.Success, (Product, 1));
    }

    protected RunningShop First => world.Shop;

    /// <summary>The replica that outlives the first.</summary>
    protected abstract Task<RunningShop> StartSecond();

    static Dictionary<string, int> Sum(params IReadOnlyDictionary<string, int>[] replicas)
    {
        replicas[0].ShouldNotBeEmpty();
        return replicas.SelectMany(queue => queue).GroupBy(queue => queue.Key).ToDictionary(queue => queue.Key, queue => queue.Sum(lead => lead.Value));
    }
}
