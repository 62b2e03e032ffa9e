using System.Text.Json.Nodes;
using Ecom.Tests.Support;
using Ecom.Tool;

namespace Ecom.Tests.Service;

/// <summary>What happens to the events of a run, all of it decided before.</summary>
/// <param name="Seed">Whose turn it is, and what comes twice.</param>
/// <param name="Orders">With the topic whose event arrives at the moment of the customer's cancellation; null: never cancelled.</param>
/// <param name="Crashes">Which service is killed after how many deliveries.</param>
sealed record Schedule(int Seed, (Facts Order, string Token, string? Cancels)[] Orders, (string Service, int After)[] Crashes);

/// <summary>
/// Order, payment, inventory and notification-service around a broker that keeps the order of each key and nothing else:
/// it brings keys in any order, one event in five twice, the second time behind what came meanwhile, and a service may die on the way.
/// </summary>
public sealed class SimulatedShop : IAsyncLifetime
{
    const int SideBySide = 24;
    static readonly string[] Names = ["Order", "Payment", "Inventory", "Notification"];
    readonly TempFolder data = new("shop");
    readonly Dictionary<string, ServiceProcess> services = [];
    readonly Dictionary<string, Task> up = Names.ToDictionary(name => name, _ => Task.CompletedTask);
    readonly Dictionary<(string Service, string Key), Lane> lanes = [];
    readonly Dictionary<string, List<string>> subscribers = [];
    readonly List<Lane> ready = [];
    readonly SemaphoreSlim turns = new(0);
    readonly Lock gate = new();
    Dictionary<string, string> cancels = [];
    Queue<(string Service, int After)> crashes = [];
    Random random = new(0);
    int deliveries, busy;

    sealed class Lane(string service)
    {
        public string Service => service;

        public Queue<Event> Events { get; } = [];
    }

    readonly record struct Event(string Topic, string Body, bool IsRepeated = false);

    public async ValueTask InitializeAsync()
    {
        foreach (var name in Names)
        {
            var service = services[name] = await ServiceProcess.Start(name, Database.Sqlite, new Dictionary<string, string> { ["ECOM_DATA"] = data.Path, ["INITIAL_STOCK"] = "60" });
            foreach (var subscription in (await service.Get("/dapr/subscribe")).AsArray())
                (subscribers.TryGetValue((string)subscription!["topic"]!, out var all) ? all : subscribers[(string)subscription["topic"]!] = []).Add(name);
            service.Sidecar.OnPublish = (topic, body) =>
            {
                Publish(topic, body);
                return null;
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services.Values)
            await service.DisposeAsync();
        data.Dispose();
        turns.Dispose();
    }

    /// <summary>Runs it to the end of all its orders; then the books must add up.</summary>
    internal async Task<Books> Run(Schedule schedule)
    {
        using var stop = new CancellationTokenSource();
        (random, deliveries) = (new(schedule.Seed), 0);
        crashes = new(schedule.Crashes.OrderBy(crash => crash.After));
        cancels = schedule.Orders.Where(order => order.Cancels is not null).ToDictionary(order => $"{order.Cancels} {order.Order.Order}", order => order.Order.Order);
        var workers = Enumerable.Range(0, SideBySide).Select(_ => Work(stop.Token)).ToList();
        foreach (var (order, token, _) in schedule.Orders)
            Publish("cart.checkout_initiated", order.Checkout.With("data.payment_token", $"\"{token}\""));
        var books = await Settled(schedule, workers);
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        return books;
    }

    async Task<Books> Settled(Schedule schedule, List<Task> workers)
    {
        Books? books = null;
        await Eventually.Until(
            async () =>
            {
                if (workers.Find(worker => worker.IsFaulted) is { } failed)
                    Assert.Fail(failed.Exception!.ToString());
                if (!IsQuiet)
                    return false;
                books = await Books.Read(ServiceData.Files(data.Path), TestContext.Current.CancellationToken);
                books.Mismatches().ShouldBeEmpty();
                books.Open.Select(order => order.Id).ShouldBeEmpty("all have ended");
                var known = books.Orders.Select(order => order.Id).ToHashSet();
                schedule.Orders.Select(order => order.Order.Order).Where(id => !known.Contains(id)).ShouldBeEmpty();
                return books.Waiting == 0 && IsQuiet;
            },
            TimeSpan.FromMinutes(3),
            "every order has ended and the books add up");
        services.Values.SelectMany(service => service.DeadLetters).Select(letter => letter.ToJsonString()).ShouldBeEmpty();
        return books!;
    }

    /// <summary>The orders whose end was told, each as often as it was by an event of its own.</summary>
    internal IEnumerable<string> Ended => services["Order"].Sidecar.PublishedOn("notification.send").DistinctBy(record => record.Id).Select(record => (string)record.Data["order_id"]!);

    bool IsQuiet
    {
        get
        {
            lock (gate)
                return ready.Count == 0 && busy == 0 && up.Values.All(start => start.IsCompletedSuccessfully);
        }
    }

    void Publish(string topic, string body)
    {
        var key = (string)JsonNode.Parse(body)!["subject"]!;
        lock (gate)
            foreach (var service in subscribers.GetValueOrDefault(topic) ?? [])
            {
                var lane = lanes.TryGetValue((service, key), out var known) ? known : lanes[(service, key)] = new(service);
                lane.Events.Enqueue(new(topic, body));
                if (lane.Events.Count == 1)
                    IsReady(lane);
            }
    }

    void IsReady(Lane lane)
    {
        ready.Add(lane);
        turns.Release();
    }

    async Task Work(CancellationToken stop)
    {
        while (await turns.WaitAsync(Timeout.Infinite, stop).ContinueWith(turn => turn.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            Lane lane;
            lock (gate)
            {
                var turn = random.Next(ready.Count);
                (lane, ready[turn]) = (ready[turn], ready[^1]);
                ready.RemoveAt(ready.Count - 1);
                busy++;
            }

            var isTaken = await Deliver(lane);
            lock (gate)
            {
                busy--;
                if (isTaken && lane.Events.Dequeue() is { IsRepeated: false } once && random.Next(5) == 0)
                    lane.Events.Enqueue(once with { IsRepeated = true });
                if (lane.Events.Count > 0)
                    IsReady(lane);
            }
        }
    }

    async Task<bool> Deliver(Lane lane)
    {
        Event next;
        Task start;
        string? cancelled;
        bool isCancelledFirst;
        lock (gate)
        {
            if (crashes.TryPeek(out var crash) && ++deliveries > crash.After && up[crash.Service].IsCompleted)
                up[crashes.Dequeue().Service] = services[crash.Service].KillAndStartAgain();
            (next, start, isCancelledFirst) = (lane.Events.Peek(), up[lane.Service], random.Next(2) == 0);
            cancels.Remove($"{next.Topic} {JsonNode.Parse(next.Body)!["data"]!["order_id"]}", out cancelled);
        }

        await start;
        try
        {
            var cancel = isCancelledFirst ? Cancel(cancelled) : Task.CompletedTask;
            var answer = await services[lane.Service].Deliver(next.Topic, next.Body);
            await (isCancelledFirst ? cancel : Cancel(cancelled));
            return answer == "SUCCESS";
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return false;
        }
    }

    async Task Cancel(string? order)
    {
        if (order is null)
            return;
        await up["Order"];
        using var answer = await services["Order"].Http.PostAsync($"/orders/{order}/cancel", null);
        ((int)answer.StatusCode).ShouldBeOneOf(202, 409);
    }
}
