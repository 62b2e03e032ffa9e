using Dapr.Client;
using Ecom.Sidecar;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>Two apps with a sidecar each, embedded or real: what the suite is run against.</summary>
public abstract class Sidecars(LocalNetwork? network = null) : IAsyncLifetime
{
    public const string Id = "shop", OtherId = "stock", Token = "let-me-in", AppToken = "it-is-me", SecretPrefix = "CONFORMANCE_SECRET_", Secret = "open sesame";
    public static readonly string[] Topics = ["plain", "own", "keyed", "retried", "dropped", "absent", "strange", "dead", "letters", "later", "batch", "many", "bytes", "guarded"];

    protected TempFolder Folder { get; } = new("conformance");

    public TestApp App { get; } = new(Ports.Free(), network, [.. Topics.Except(["guarded", "later", "many", "bytes"]).Select(t => Subscription(t)), Subscription("later"), Bulk("many"), Bulk("bytes", isRaw: true)]);

    public TestApp Other { get; } = new(Ports.Free(), network);

    public HttpClient Http { get; private set; } = null!;

    public DaprClient Client { get; private set; } = null!;

    public abstract int HttpPort { get; }

    public abstract int GrpcPort { get; }

    /// <summary>Subjects and addresses of the mails that arrived.</summary>
    public abstract Task<IReadOnlyList<ReceivedMail>> Mails();

    protected virtual bool CanOpen => true;

    protected abstract Task Open();

    protected abstract Task Close();

    /// <summary>The same on both sides: four attempts, 200 ms apart.</summary>
    protected const string Resiliency = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata:
          name: resiliency
        spec:
          policies:
            retries:
              again:
                policy: constant
                duration: 200ms
                maxRetries: 3
          targets:
            components:
              pubsub:
                inbound:
                  retry: again
        """;

    protected void Component(string name, string type, string? scope = null, params (string Name, string Value)[] metadata) => Folder.Write($"resources/{name}.yaml", $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
          metadata: [{string.Join(", ", metadata.Select(m => $$"""{name: {{m.Name}}, value: "{{m.Value}}"}"""))}]
        scopes: [{scope ?? $"{Id}, {OtherId}"}]
        """);

    public async ValueTask InitializeAsync()
    {
        if (!CanOpen)
            return;
        Folder.Write("resources/resiliency.yaml", Resiliency);
        Environment.SetEnvironmentVariable(SecretPrefix + "DOOR", Secret);
        await App.Start();
        await Other.Start();
        await Open();
        Http = new HttpClient(Way()) { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}/") };
        Http.DefaultRequestHeaders.Add("dapr-api-token", Token);
        Client = new DaprClientBuilder().UseHttpEndpoint($"http://127.0.0.1:{HttpPort}").UseGrpcEndpoint($"http://127.0.0.1:{GrpcPort}").UseDaprApiToken(Token)
            .UseGrpcChannelOptions(new() { HttpHandler = Way() }).Build();
        await Eventually.Until(async () => (await Http.GetAsync("v1.0/healthz")).IsSuccessStatusCode, TimeSpan.FromSeconds(60), "the sidecar is healthy");
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        Http?.Dispose();
        await Close();
        await App.DisposeAsync();
        await Other.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    SocketsHttpHandler Way() => new() { ConnectCallback = network is null ? null : network.Connect };

    // As Dapr.AspNetCore writes it, and as the documentation does: both must do.
    static object Subscription(string topic) => topic is "dead" or "dropped" or "absent"
        ? new { pubsubname = "pubsub", topic, route = topic == "absent" ? "/nowhere" : $"/on/{topic}", deadLetterTopic = "letters" }
        : new { pubsubName = "pubsub", topic, route = $"/on/{topic}" };

    static object Bulk(string topic, bool isRaw = false) => new
    {
        pubsubname = "pubsub",
        topic,
        route = $"/bulk/{topic}",
        metadata = new { rawPayload = isRaw ? "true" : "false" },
        bulkSubscribe = new { enabled = true, maxMessagesCount = 50, maxAwaitDurationMs = 100 },
    };
}
