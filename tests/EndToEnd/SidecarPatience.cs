using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ecom.Tests.EndToEnd;

/// <summary>What components/kafka promises: whoever is away for a while finds everything when back, and nothing is dead-lettered.</summary>
[Needs(Runtime.Dapr | Runtime.Kafka)]
public class SidecarPatience(SidecarPatience.OneBroker world) : IClassFixture<SidecarPatience.OneBroker>
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_service_that_is_away_finds_every_event_in_order_when_it_is_back()
    {
        await using var shop = await world.StartService("payment-service");
        await shop.Publish(0, 20);
        await Eventually.Until(() => shop.Service.Received.Distinct().Count() >= 20, Patience, "20 events arrived");

        await shop.StopService();
        await shop.Publish(20, 20);
        await Eventually.Until(async () => await shop.RefusedDeliveries() >= 15, Patience, "the sidecar has tried a few times");
        await shop.StartService();

        await Eventually.Until(() => shop.Service.Received.Distinct().Count() >= 20, Patience, "the other 20 events arrived");
        foreach (var key in shop.Service.Received.Distinct().GroupBy(n => n % 3))
            key.ShouldBe(key.Order());
        world.Kafka.Read("dlq.events").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_service_that_says_retry_for_a_while_gets_the_event_again_and_again()
    {
        await using var shop = await world.StartService("inventory-service");

        shop.Service.Answer = "RETRY";
        await shop.Publish(0, 3);
        await Eventually.Until(() => shop.Service.Asked >= 9, Patience, "each event was tried a few times");
        shop.Service.Answer = "SUCCESS";

        await Eventually.Until(() => shop.Service.Received.Distinct().Count() == 3, Patience, "all arrived");
        world.Kafka.Read("dlq.events").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_broker_that_is_away_loses_nothing()
    {
        await using var shop = await world.StartService("analytics-service");
        await shop.Publish(0, 10);
        await Eventually.Until(() => shop.Service.Received.Count >= 10, Patience, "10 events arrived");

        world.Kafka.Kill(0);
        (await shop.TryPublish(10)).ShouldBeFalse();
        await world.Kafka.Restart(0);
        await Eventually.Until(() => shop.TryPublish(10), Patience, "the sidecar publishes again");
        await shop.Publish(11, 9);

        await Eventually.Until(() => shop.Service.Received.Distinct().Count() == 20, Patience, "all 20 events arrived");
        world.Kafka.Read("dlq.events").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_service_reads_as_the_consumer_group_of_its_name()
    {
        await using var shop = await world.StartService("notification-service");
        await shop.Publish(0, 1);
        await Eventually.Until(() => !shop.Service.Received.IsEmpty, Patience, "the event arrived");

        using var admin = world.Kafka.Admin();
        var groups = await admin.ListConsumerGroupsAsync();

        groups.Valid.Select(g => g.GroupId).ShouldContain("notification-service-group");
    }

    /// <summary>One broker for all these tests; each is another service, hence another consumer group, with a topic of its own.</summary>
    public sealed class OneBroker : IAsyncLifetime
    {
        HeavyLock? heavy;

        public KafkaCluster Kafka { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            if (!Runtimes.Has(Runtime.Dapr | Runtime.Kafka))
                return;
            heavy = await HeavyLock.Take();
            Kafka = await KafkaCluster.Start();
            await Kafka.CreateTopics(3, "dlq.events");
        }

        internal async Task<Shop> StartService(string appId)
        {
            await Kafka.CreateTopics(3, $"{appId}.facts");
            return await Shop.Start(Kafka, appId);
        }

        public async ValueTask DisposeAsync()
        {
            if (Kafka is not null)
                await Kafka.DisposeAsync();
            heavy?.Dispose();
        }
    }

    /// <summary>A service with its sidecar, which has the project's own components.</summary>
    internal sealed class Shop : IAsyncDisposable
    {
        readonly int port = Ports.Free();
        string topic = "";
        Daprd daprd = null!;

        public Subscriber Service { get; private set; } = null!;

        public static async Task<Shop> Start(KafkaCluster kafka, string appId)
        {
            var shop = new Shop { topic = $"{appId}.facts" };
            await shop.StartService();
            var environment = new Dictionary<string, string?> { ["KAFKA_BROKERS"] = kafka.Brokers, ["SMTP_HOST"] = "127.0.0.1", ["SMTP_PORT"] = "25" };
            shop.daprd = await Daprd.Start(appId, Repository.File("components/kafka"), Repository.File("components/config.yaml"), shop.port, environment: environment);
            return shop;
        }

        public async Task StartService() => Service = await Subscriber.Start(port, topic);

        public Task StopService() => Service.Stop();

        public async Task Publish(int first, int count)
        {
            for (var n = first; n < first + count; n++)
                (await TryPublish(n)).ShouldBeTrue();
        }

        public async Task<bool> TryPublish(int n) =>
            (await daprd.Http.PostAsJsonAsync($"v1.0/publish/pubsub/{topic}?metadata.partitionKey=key-{n % 3}", n)).IsSuccessStatusCode;

        public async Task<int> RefusedDeliveries() => (await daprd.Log()).Split("connection refused").Length - 1;

        public async ValueTask DisposeAsync()
        {
            await daprd.DisposeAsync();
            await Service.Stop();
        }
    }

    internal sealed class Subscriber
    {
        readonly WebApplication app;
        int asked;

        Subscriber(WebApplication app) => this.app = app;

        public ConcurrentQueue<int> Received { get; } = [];

        public string Answer { get; set; } = "SUCCESS";

        public int Asked => asked;

        public static async Task<Subscriber> Start(int port, string topic)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Urls.Add($"http://127.0.0.1:{port}");
            var subscriber = new Subscriber(app);
            app.MapGet("/dapr/subscribe", () => new[] { new { pubsubname = "pubsub", topic, route = "/events", deadLetterTopic = "dlq.events" } });
            app.MapPost("/events", (JsonElement envelope) => subscriber.Take(envelope));
            await app.StartAsync();
            return subscriber;
        }

        public async Task Stop()
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        IResult Take(JsonElement envelope)
        {
            Interlocked.Increment(ref asked);
            if (Answer == "SUCCESS")
                Received.Enqueue(envelope.GetProperty("data").GetInt32());
            return Results.Json(new { status = Answer });
        }
    }
}
