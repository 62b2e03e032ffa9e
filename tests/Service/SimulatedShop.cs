using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;
using Ecom.Tool;

namespace Ecom.Tests.Service;

/// <summary>What a customer, who comes but once, wants.</summary>
/// <param name="Cancels">The topic whose event arrives at the moment of the cancellation; null: it is never cancelled.</param>
sealed record Purchase(string Product, int Quantity, string Token, string? Cancels)
{
    public string User { get; } = $"u-{Guid.NewGuid():N}";
}

/// <summary>What happens in a run, all of it decided before.</summary>
/// <param name="Seed">Whose turn it is, and what comes twice.</param>
/// <param name="Crashes">Which service is killed after how many deliveries.</param>
sealed record Schedule(int Seed, Purchase[] Purchases, (string Service, int After)[] Crashes);

/// <summary>
/// The six services around a broker that keeps the order of each key and nothing else: it brings keys in any order, one event in five twice,
/// the second time behind what came meanwhile, and a service may die on the way. Customers ask until they are answered, and one in five clicks twice.
/// </summary>
public sealed class SimulatedShop : IAsyncLifetime
{
    /// <summary>More than analytics-service has topics: each call of it waits for the next count.</summary>
    const int SideBySide = 40;
    const int MostAtOnce = 100;
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    static readonly string[] Names = ["Cart", "Order", "Payment", "Inventory", "Notification", "Analytics"];
    readonly TempFolder data = new("shop");
    readonly Dictionary<string, ServiceProcess> services = [];
    readonly Dictionary<string, Task> up = Names.ToDictionary(name => name, _ => Task.CompletedTask);
    readonly Dictionary<(string Service, string Key), Lane> lanes = [];
    readonly Dictionary<string, List<(string Service, bool IsBulk)>> subscribers = [];
    readonly List<KafkaRecord> published = [];
    readonly List<Lane> ready = [];
    readonly SemaphoreSlim turns = new(0);
    readonly Lock gate = new();
    readonly Dictionary<string, string> cancels = [];
    Dictionary<string, (string? Cancels, HashSet<string> Orders)> customers = [];
    Queue<(string Service, int After)> crashes = [];
    Random random = new(0);
    int deliveries, busy;

    /// <summary>What goes one after another: the events of a key, or, where they are taken many in a call, of a topic.</summary>
    sealed class Lane(string service, bool isBulk)
    {
        public string Service => service;

        public bool IsBulk => isBulk;

        public Queue<Event> Events { get; } = [];
    }

    readonly record struct Event(string Topic, string Body, bool IsRepeated = false);

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string> { ["ECOM_DATA"] = data.Path, ["INITIAL_STOCK"] = "60" };
        foreach (var (name, service) in Names.Zip(await Task.WhenAll(Names.Select(name => ServiceProcess.Start(name, name == "Cart" ? Database.None : Database.Sqlite, settings)))))
        {
            services[name] = service;
            foreach (var subscription in (await service.Get("/dapr/subscribe")).AsArray())
                (subscribers.TryGetValue((string)subscription!["topic"]!, out var all) ? all : subscribers[(string)subscription["topic"]!] = []).Add((name, subscription["bulkSubscribe"] is not null));
        }
        // A dead letter is not the shop's to digest: it fails the run.
        subscribers.Remove(Topics.DeadLetters);
        foreach (var service in services.Values)
            service.Sidecar.OnPublish = (topic, body) =>
            {
                Publish(topic, body);
                return null;
            };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services.Values)
            await service.DisposeAsync();
        data.Dispose();
        turns.Dispose();
    }

    /// <summary>Runs it to the end of all its orders; then the books must add up, and analytics-service must have counted each event once.</summary>
    internal async Task<Books> Run(Schedule schedule)
    {
        using var stop = new CancellationTokenSource();
        lock (gate)
        {
            (random, deliveries) = (new(schedule.Seed), 0);
            crashes = new(schedule.Crashes.OrderBy(crash => crash.After));
            customers = schedule.Purchases.ToDictionary(purchase => purchase.User, purchase => (purchase.Cancels, new HashSet<string>()));
        }
        var workers = Enumerable.Range(0, SideBySide).Select(_ => Work(stop.Token)).ToList();
        await Parallel.ForEachAsync(schedule.Purchases, new ParallelOptions { MaxDegreeOfParallelism = SideBySide }, async (purchase, _) => await Buy(purchase));
        var books = await Settled(schedule, workers);
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        return books;
    }

    async Task Buy(Purchase purchase)
    {
        int clicks;
        lock (gate)
            clicks = random.Next(5) == 0 ? 2 : 1;
        await Eventually.Until(
            async () =>
            {
                var cart = await Ask("GET", "");
                if (cart["items"]!.AsArray().Count == 0)
                    await Ask("POST", "/items", $$"""{"product_id":"{{purchase.Product}}","quantity":{{purchase.Quantity}}}""");
                return true;
            },
            Patience,
            $"{purchase.User} has a full cart");
        await Task.WhenAll(Enumerable.Range(0, clicks).Select(_ => Eventually.Until(
            async () => await Ask("POST", "/checkout", $$"""{"payment_token":"{{purchase.Token}}"}""") is not null, Patience, $"{purchase.User} has checked out")));

        async Task<JsonNode> Ask(string method, string path, string? body = null)
        {
            await up["Cart"];
            var (status, answer) = await services["Cart"].Http.Send(method, $"/cart/{purchase.User}{path}", body, headers: ("Idempotency-Key", purchase.User));
            status.ShouldBe(HttpStatusCode.OK, answer.ToJsonString());
            return answer;
        }
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
                foreach (var purchase in schedule.Purchases)
                    known.ShouldContain(customers[purchase.User].Orders.ShouldHaveSingleItem(purchase.User));
                await EachEventShouldCountOnce();
                return books.Waiting == 0 && IsQuiet;
            },
            Patience,
            "every order has ended, the books add up, and each event is counted once");
        services.Values.SelectMany(service => service.DeadLetters).Select(letter => letter.ToJsonString()).ShouldBeEmpty();
        return books!;
    }

    /// <summary>The five tables say what the distinct events say, and each of these is in the journal.</summary>
    async Task EachEventShouldCountOnce()
    {
        List<KafkaRecord> all;
        lock (gate)
            all = [.. published];
        await ExpectedAnalytics.Of(all).ShouldBeServedBy(path => services["Analytics"].Http.GetFromJsonAsync<JsonElement>(path));
        var kept = await ServiceData.Files(data.Path).Query("analytics-service", "SELECT event_id FROM journal", row => row.GetString(0), TestContext.Current.CancellationToken);
        kept.ShouldBeUnique();
        var sent = all.Where(record => FlowRules.Watched.Contains(record.Topic)).Select(record => (string)JsonNode.Parse(record.Value)!["id"]!).ToHashSet();
        sent.SymmetricExceptWith(kept);
        sent.ShouldBeEmpty("the journal has each event");
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
        var e = JsonNode.Parse(body)!;
        var key = (string)e["subject"]!;
        lock (gate)
        {
            published.Add(new(topic, 0, published.Count, key, body, new Dictionary<string, string>()));
            if (topic == Topics.CheckoutInitiated)
            {
                var (moment, orders) = customers[(string)e["data"]!["user_id"]!];
                var order = (string)e["data"]!["order_id"]!;
                if (orders.Add(order) && moment is not null)
                    cancels[$"{moment} {order}"] = order;
            }
            foreach (var (service, isBulk) in subscribers.GetValueOrDefault(topic) ?? [])
            {
                var lane = lanes.TryGetValue((service, isBulk ? topic : key), out var known) ? known : lanes[(service, isBulk ? topic : key)] = new(service, isBulk);
                lane.Events.Enqueue(new(topic, body));
                if (lane.Events.Count == 1)
                    IsReady(lane);
            }
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

            var taken = await Deliver(lane);
            lock (gate)
            {
                busy--;
                for (var i = 0; i < taken; i++)
                    if (lane.Events.Dequeue() is { IsRepeated: false } once && random.Next(5) == 0)
                        lane.Events.Enqueue(once with { IsRepeated = true });
                if (lane.Events.Count > 0)
                    IsReady(lane);
            }
        }
    }

    /// <returns>How many of the lane's events are dealt with.</returns>
    async Task<int> Deliver(Lane lane)
    {
        Event[] batch;
        Task start;
        string? cancelled = null;
        bool isCancelledFirst;
        lock (gate)
        {
            if (crashes.TryPeek(out var crash) && ++deliveries > crash.After && up[crash.Service].IsCompleted)
                up[crashes.Dequeue().Service] = services[crash.Service].KillAndStartAgain();
            (batch, start, isCancelledFirst) = ([.. lane.Events.Take(lane.IsBulk ? MostAtOnce : 1)], up[lane.Service], random.Next(2) == 0);
            if (!lane.IsBulk)
                cancels.Remove($"{batch[0].Topic} {JsonNode.Parse(batch[0].Body)!["data"]!["order_id"]}", out cancelled);
        }

        await start;
        try
        {
            var cancel = isCancelledFirst ? Cancel(cancelled) : Task.CompletedTask;
            var service = services[lane.Service];
            var answer = lane.IsBulk ? await service.DeliverBulk(batch[0].Topic, batch.Select(e => e.Body)) : await service.Deliver(batch[0].Topic, batch[0].Body);
            await (isCancelledFirst ? cancel : Cancel(cancelled));
            return answer == "SUCCESS" ? batch.Length : 0;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return 0;
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
