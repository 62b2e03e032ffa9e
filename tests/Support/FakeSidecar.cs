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
    readonly TempFolder folder = new("sidecar");
    readonly WorkflowEngine workflows;
    readonly WebApplication web;
    readonly Dictionary<string, (byte[] Value, int Version)> state = [];
    readonly ConcurrentQueue<PublishedRecord> published = new();
    readonly ConcurrentQueue<Mail> mails = new();
    readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> stateMetadata = new();

    FakeSidecar()
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
        builder.Services.AddSingleton(workflows = new WorkflowEngine(folder.Path, "order-service", NullLogger.Instance));
        web = builder.Build();
        web.MapGrpcService<FakeSidecar>();
        web.MapTaskHub();
        web.MapGet("/v1.0/healthz/outbound", () => Results.NoContent());
        web.MapGet("/v1.0/invoke/inventory-service/method/products/{id}", Product);
    }

    public int HttpPort { get; } = Ports.Free();

    public int GrpcPort { get; } = Ports.Free();

    public IReadOnlyCollection<PublishedRecord> Published => published;

    public IReadOnlyCollection<Mail> Mails => mails;

    /// <summary>What the catalogue has. Any other id is unknown to it.</summary>
    public IReadOnlyDictionary<string, decimal> Prices { get; } = Enumerable.Range(1, 120).ToDictionary(i => $"PROD-{i:000}", i => i + 0.99m);

    public bool CatalogueIsAway { get; set; }

    /// <summary>Asked before a record is taken: the error to answer with, or null.</summary>
    public Func<string, string, RpcException?> OnPublish { get; set; } = (_, _) => null;

    /// <summary>Asked before a state is saved; the second argument saves it all the same, as when only the answer is lost.</summary>
    public Func<string, Action, RpcException?> OnSave { get; set; } = (_, _) => null;

    public Func<Mail, RpcException?> OnMail { get; set; } = _ => null;

    /// <summary>Awaited while a state is read, to let requests meet.</summary>
    public Func<string, Task> OnRead { get; set; } = _ => Task.CompletedTask;

    public IReadOnlyList<PublishedRecord> PublishedOn(string topic) => [.. published.Where(r => r.Topic == topic)];

    public JsonNode? State(string key)
    {
        lock (state)
            return state.TryGetValue(key, out var item) ? JsonNode.Parse(item.Value) : null;
    }

    public string TimeToLive(string key) => stateMetadata[key]["ttlInSeconds"];

    public static async Task<FakeSidecar> Start()
    {
        var sidecar = new FakeSidecar();
        await sidecar.web.StartAsync();
        return sidecar;
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
        await OnRead(request.Key);
        lock (state)
            return state.TryGetValue(request.Key, out var item)
                ? new() { Data = ByteString.CopyFrom(item.Value), Etag = item.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) }
                : new();
    }

    public override Task<Empty> SaveState(SaveStateRequest request, ServerCallContext context)
    {
        foreach (var item in request.States)
        {
            var etag = item.Etag?.Value ?? "";
            void Save()
            {
                lock (state)
                {
                    var exists = state.TryGetValue(item.Key, out var old);
                    if (etag.Length > 0 && etag != old.Version.ToString(System.Globalization.CultureInfo.InvariantCulture))
                        throw new RpcException(new(StatusCode.Aborted, "possible etag mismatch. error from state store"));
                    if (etag.Length == 0 && exists)
                        throw new RpcException(new(StatusCode.Internal, "failed saving state in state store cartstore: failed to set key: user_script"));
                    state[item.Key] = (item.Value.ToByteArray(), old.Version + 1);
                    stateMetadata[item.Key] = item.Metadata.ToDictionary();
                }
            }

            if (OnSave(item.Key, Save) is { } error)
                throw error;
            Save();
        }

        return Task.FromResult(new Empty());
    }

    public override Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        Take(request.Topic, request.Data, request.DataContentType, request.Metadata);
        return Task.FromResult(new Empty());
    }

    public override Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context)
    {
        var answer = new BulkPublishResponse();
        foreach (var entry in request.Entries)
            try
            {
                Take(request.Topic, entry.Event, entry.ContentType, entry.Metadata);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Internal)
            {
                answer.FailedEntries.Add(new BulkPublishResponseFailedEntry { EntryId = entry.EntryId, Error = e.Status.Detail });
            }

        return Task.FromResult(answer);
    }

    public override Task<InvokeBindingResponse> InvokeBinding(InvokeBindingRequest request, ServerCallContext context)
    {
        var mail = new Mail(request.Metadata["emailFrom"], request.Metadata["emailTo"], request.Metadata["subject"], request.Data.ToStringUtf8());
        if (OnMail(mail) is { } error)
            throw error;
        mails.Enqueue(mail);
        return Task.FromResult(new InvokeBindingResponse());
    }

    void Take(string topic, ByteString body, string contentType, IDictionary<string, string> metadata)
    {
        var text = body.ToStringUtf8();
        if (OnPublish(topic, text) is { } error)
            throw error;
        published.Enqueue(new(topic, metadata.TryGetValue("partitionKey", out var key) ? key : "", contentType, text));
    }

    IResult Product(string id) => (CatalogueIsAway, Prices.TryGetValue(id, out var price)) switch
    {
        (true, _) => Results.Text("{\"errorCode\":\"ERR_DIRECT_INVOKE\"}", "application/json", Encoding.UTF8, 500),
        (_, true) => Results.Text(JsonSerializer.Serialize(new { product_id = id, name = $"Product {id}", price, stock = 5 }), "application/json"),
        _ => Results.Problem(statusCode: 404),
    };
}
