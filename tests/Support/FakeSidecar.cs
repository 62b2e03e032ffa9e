using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapr.Client.Autogen.Grpc.v1;
using Ecom.Sidecar.Workflows;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ecom.Tests.Support;

/// <summary>What went to the broker.</summary>
public sealed record PublishedRecord(string Topic, string Key, string ContentType, string Body)
{
    public JsonNode Envelope => JsonNode.Parse(Body)!;

    public JsonNode Data => Envelope["data"]!;

    public string Id => Envelope["id"]?.ToString() ?? "";
}

public sealed record Mail(string From, string To, string Subject, string Html);

/// <summary>
/// A sidecar that records what a service asks of it and fails when told to. Its state store answers as Redis behind daprd does,
/// its mail binding as bindings.smtp.
/// </summary>
public sealed class FakeSidecar : DaprMethods, IAsyncDisposable
{
    TempFolder folder = new("sidecar");
    WorkflowEngine workflows;
    WebApplication web;
    readonly Dictionary<string, (byte[] Value, int Version)> state = [];
    readonly HashSet<string> firstWriteOnly = [];
    readonly ConcurrentQueue<string> calls = new();
    readonly ConcurrentQueue<PublishedRecord> published = new();
    readonly ConcurrentQueue<Mail> mails = new();
    readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> stateMetadata = new();

    FakeSidecar() => (web, workflows) = Build();

    (WebApplication, WorkflowEngine) Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(HttpPort);
            kestrel.ListenLocalhost(GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        // The real engine: what a workflow is told and does is the same in every world.
        var engine = new WorkflowEngine(folder.File("workflows.db"), "order-service", NullLogger.Instance);
        builder.Services.AddSingleton(engine);
        var web = builder.Build();
        web.Use(async (http, next) =>
        {
            if (http.Request.Path.StartsWithSegments("/TaskHubSidecarService", out var method))
                await OnWorkflow(method.Value![1..]).WaitAsync(http.RequestAborted);
            await next(http);
        });
        web.MapGrpcService<FakeSidecar>();
        web.MapTaskHub();
        web.MapGet("/v1.0/healthz", () => Results.NoContent());
        web.MapGet("/v1.0/healthz/outbound", () => Results.NoContent());
        web.MapGet("/v1.0/invoke/inventory-service/method/products/{id}", Product);
        web.MapGet("/v1.0/invoke/{app}/method/health/ready", (string app) => Away.Contains(app) ? Results.StatusCode(503) : Results.Ok());
        web.MapGet("/v1.0/invoke/{app}/method/{**path}", (string app, string path) => Away.Contains(app) ? Results.Text("{\"errorCode\":\"ERR_DIRECT_INVOKE\"}", "application/json", Encoding.UTF8, 500)
            : Answers.TryGetValue($"{app}/{path}", out var json) ? Results.Text(json, "application/json")
            : Results.Problem(statusCode: 404));
        return (web, engine);
    }

    /// <summary>What other apps answer when they are asked, by app and path such as <c>order-service/orders/ORD-1/saga</c>; anything else they do not find.</summary>
    public ConcurrentDictionary<string, string> Answers { get; } = new();

    public int HttpPort { get; } = Ports.Free();

    public int GrpcPort { get; } = Ports.Free();

    public IReadOnlyCollection<PublishedRecord> Published => published;

    public IReadOnlyCollection<Mail> Mails => mails;

    /// <summary>What the catalogue has. Any other id is unknown to it.</summary>
    public IReadOnlyDictionary<string, decimal> Prices { get; } = Enumerable.Range(1, 120).ToDictionary(i => $"PROD-{i:000}", i => i + 0.99m);

    public bool CatalogueIsAway { get; set; }

    /// <summary>The apps that are not ready when asked by invocation.</summary>
    public HashSet<string> Away { get; } = [];

    /// <summary>Asked before a record is taken: the error to answer with, or null.</summary>
    public Func<string, string, RpcException?> OnPublish { get; set; } = (_, _) => null;

    /// <summary>Awaited before a record is taken, to let the broker hang.</summary>
    public Func<string, string, Task> OnPublishing { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Awaited before a call to the workflows, by its name such as <c>StartInstance</c>, to let it hang; what it throws refuses the call.</summary>
    public Func<string, Task> OnWorkflow { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited before a state is saved, to let the store hang.</summary>
    public Func<string, Task> OnSaving { get; set; } = _ => Task.CompletedTask;

    /// <summary>Every call for state, a product or a publication, as `read cart:ann`, `save cart:ann`, `ask PROD-001`, `publish cart.item_added`.</summary>
    public IReadOnlyCollection<string> Calls => calls;

    /// <summary>Asked before a state is saved; the second argument saves it all the same, as when only the answer is lost.</summary>
    public Func<string, Action, RpcException?> OnSave { get; set; } = (_, _) => null;

    public Func<Mail, RpcException?> OnMail { get; set; } = _ => null;

    /// <summary>Awaited when a mail was taken and before that is answered, to let the binding hang; the mail is out whether or not anybody still waits.</summary>
    public Func<Mail, Task> OnMailed { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited while a state is read, to let requests meet.</summary>
    public Func<string, Task> OnRead { get; set; } = _ => Task.CompletedTask;

    public IReadOnlyList<PublishedRecord> PublishedOn(string topic) => [.. published.Where(r => r.Topic == topic)];

    public JsonNode? State(string key)
    {
        lock (state)
            return state.TryGetValue(key, out var item) ? JsonNode.Parse(item.Value) : null;
    }

    /// <summary>Changes what is stored behind the service's back, as when time had passed.</summary>
    public void ChangeState(string key, Action<JsonNode> change)
    {
        lock (state)
        {
            var json = JsonNode.Parse(state[key].Value)!;
            change(json);
            state[key] = (Encoding.UTF8.GetBytes(json.ToJsonString()), state[key].Version + 1);
        }
    }

    public string TimeToLive(string key) => stateMetadata[key]["ttlInSeconds"];

    public static async Task<FakeSidecar> Start()
    {
        var sidecar = new FakeSidecar();
        await sidecar.web.StartAsync();
        return sidecar;
    }

    /// <summary>The sidecar goes away, and comes back without the workflows that it kept.</summary>
    public async Task LoseWorkflows(Func<Task> meanwhile)
    {
        await DisposeAsync();
        folder = new("sidecar");
        await meanwhile();
        (web, workflows) = Build();
        await web.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await web.StopAsync(new CancellationToken(canceled: true));
        await web.DisposeAsync();
        await workflows.DisposeAsync();
        folder.Dispose();
    }

    public override async Task<GetStateResponse> GetState(GetStateRequest request, ServerCallContext context)
    {
        calls.Enqueue($"read {request.Key}");
        await OnRead(request.Key);
        lock (state)
            return state.TryGetValue(request.Key, out var item)
                ? new() { Data = ByteString.CopyFrom(item.Value), Etag = item.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) }
                : new();
    }

    public override async Task<Empty> SaveState(SaveStateRequest request, ServerCallContext context)
    {
        foreach (var item in request.States)
        {
            calls.Enqueue($"save {item.Key}");
            await OnSaving(item.Key).WaitAsync(context.CancellationToken);
            var etag = item.Etag?.Value ?? "";
            void Save()
            {
                lock (state)
                {
                    var exists = state.TryGetValue(item.Key, out var old);
                    if (etag.Length > 0 && etag != old.Version.ToString(System.Globalization.CultureInfo.InvariantCulture))
                        throw new RpcException(new(StatusCode.Aborted, "possible etag mismatch. error from state store"));
                    if (item.Options?.Concurrency is StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite)
                        firstWriteOnly.Add(item.Key);
                    if (etag.Length == 0 && exists && firstWriteOnly.Contains(item.Key))
                        throw new RpcException(new(StatusCode.Internal, "failed saving state in state store cartstore: failed to set key: user_script"));
                    state[item.Key] = (item.Value.ToByteArray(), old.Version + 1);
                    stateMetadata[item.Key] = item.Metadata.ToDictionary();
                }
            }

            if (OnSave(item.Key, Save) is { } error)
                throw error;
            Save();
        }

        return new();
    }

    public override async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        calls.Enqueue($"publish {request.Topic}");
        await OnPublishing(request.Topic, request.Data.ToStringUtf8()).WaitAsync(context.CancellationToken);
        Take(request.Topic, request.Data, request.DataContentType, request.Metadata);
        return new();
    }

    public override async Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context)
    {
        var answer = new BulkPublishResponse();
        foreach (var entry in request.Entries)
            try
            {
                await OnPublishing(request.Topic, entry.Event.ToStringUtf8()).WaitAsync(context.CancellationToken);
                Take(request.Topic, entry.Event, entry.ContentType, entry.Metadata);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Internal)
            {
                answer.FailedEntries.Add(new BulkPublishResponseFailedEntry { EntryId = entry.EntryId, Error = e.Status.Detail });
            }

        return answer;
    }

    public override async Task<InvokeBindingResponse> InvokeBinding(InvokeBindingRequest request, ServerCallContext context)
    {
        var mail = new Mail(request.Metadata["emailFrom"], request.Metadata["emailTo"], request.Metadata["subject"], request.Data.ToStringUtf8());
        if (OnMail(mail) is { } error)
            throw error;
        mails.Enqueue(mail);
        await OnMailed(mail).WaitAsync(context.CancellationToken);
        return new();
    }

    void Take(string topic, ByteString body, string contentType, IDictionary<string, string> metadata)
    {
        var text = body.ToStringUtf8();
        if (OnPublish(topic, text) is { } error)
            throw error;
        published.Enqueue(new(topic, metadata.TryGetValue("partitionKey", out var key) ? key : "", contentType, text));
    }

    IResult Product(string id)
    {
        calls.Enqueue($"ask {id}");
        return (CatalogueIsAway, Prices.TryGetValue(id, out var price)) switch
        {
            (true, _) => Results.Text("{\"errorCode\":\"ERR_DIRECT_INVOKE\"}", "application/json", Encoding.UTF8, 500),
            (_, true) => Results.Text(JsonSerializer.Serialize(new { product_id = id, name = $"Product {id}", price, stock = 5 }), "application/json"),
            _ => Results.Problem(statusCode: 404),
        };
    }
}
