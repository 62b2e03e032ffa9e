using Dapr.Client;
using Ecom.Sidecar;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>Two apps with a sidecar each, embedded or real: what the suite is run against.</summary>
public abstract class Sidecars(LocalNetwork? network = null) : IAsyncLifetime
{
    public const string Id = "shop", OtherId = "stock", Token = "let-me-in", AppToken = "it-is-me", SecretPrefix = "CONFORMANCE_SECRET_", Secret = "open sesame";
    public static readonly string[] Topics = ["plain", "own", "keyed", "retried", "dropped", "absent", "strange", "dead", "letters", "later", "batch", "many", "bytes", "guarded", "ruled", "declared", "wrapped", "expiring", "hung"];

    protected TempFolder Folder { get; } = new("conformance");

    public TestApp App { get; } = new(Ports.Free(), network, [.. Topics.Except(["guarded", "later", "many", "bytes", "ruled", "declared", "wrapped"]).Select(t => Subscription(t)), Subscription("later"), Bulk("many"), Bulk("bytes", isRaw: true), Ruled, Raw("wrapped")]);

    public TestApp Other { get; } = new(Ports.Free(), network);

    public HttpClient Http { get; private set; } = null!;

    public DaprClient Client { get; private set; } = null!;

    public abstract int HttpPort { get; }

    public abstract int GrpcPort { get; }

    /// <summary>Subjects and addresses of the mails that arrived.</summary>
    public abstract Task<IReadOnlyList<ReceivedMail>> Mails();

    /// <summary>Whether this machine has what they need; else each test of them is skipped.</summary>
    public bool IsOpen => CanOpen;

    protected virtual bool CanOpen => true;

    protected abstract Task Open();

    protected abstract Task Close();

    /// <summary>The same on both sides: an event is tried four times, 200 ms apart, and an attempt may take 5 s; a call of the other app thrice, and 2 s.</summary>
    protected const string Resiliency = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata:
          name: resiliency
        spec:
          policies:
            timeouts:
              delivery: 5s
              call: 2s
            retries:
              again:
                policy: constant
                duration: 200ms
                maxRetries: 3
              gently:
                policy: exponential
                maxInterval: 500ms
                maxRetries: 2
                matching:
                  httpStatusCodes: 429,502-504
          targets:
            apps:
              stock:
                timeout: call
                retry: gently
            components:
              pubsub:
                inbound:
                  timeout: delivery
                  retry: again
        """;

    /// <summary>A subscription that no program asks for.</summary>
    const string Declared = """
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata:
          name: declared
        spec:
          pubsubname: pubsub
          topic: declared
          routes:
            rules:
              - match: event.type == "urgent"
                path: /on/declared-urgent
            default: /on/declared
        scopes: [shop]
        """;

    protected void Component(string name, string type, string? scope = null, params (string Name, string Value)[] metadata) => Folder.Write($"resources/{name}.yaml", $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: {(type == "state.postgresql" ? "v2" : "v1")}
          metadata: [{string.Join(", ", metadata.Select(m => $$"""{name: {{m.Name}}, value: "{{m.Value}}"}"""))}]
        scopes: [{scope ?? $"{Id}, {OtherId}"}]
        """);

    public async ValueTask InitializeAsync()
    {
        if (!CanOpen)
            return;
        Folder.Write("resources/resiliency.yaml", Resiliency);
        Folder.Write("resources/declared.yaml", Declared);
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

    static object Ruled => new
    {
        pubsubname = "pubsub",
        topic = "ruled",
        routes = new { rules = new[] { new { match = "event.type == \"urgent\"", path = "/on/ruled-urgent" } }, @default = "/on/ruled" },
    };

    static object Raw(string topic) => new { pubsubname = "pubsub", topic, route = $"/on/{topic}", metadata = new { rawPayload = "true" } };

    static object Bulk(string topic, bool isRaw = false) => new
    {
        pubsubname = "pubsub",
        topic,
        route = $"/bulk/{topic}",
        metadata = new { rawPayload = isRaw ? "true" : "false" },
        bulkSubscribe = new { enabled = true, maxMessagesCount = 50, maxAwaitDurationMs = 100 },
    };
}
