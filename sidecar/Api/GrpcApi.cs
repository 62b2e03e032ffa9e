using Ecom.Sidecar.PubSub;
using Ecom.Sidecar.State;
using Ecom.Sidecar.Wire;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Ecom.Sidecar.Api;

/// <summary>Dapr's gRPC API, the one the official SDK speaks for everything but invocation.</summary>
sealed class GrpcApi : Dapr.DaprBase
{
    static readonly Empty Nothing = new();

    public override async Task<Empty> PublishEvent(PublishEventRequest r, ServerCallContext call)
    {
        var sidecar = Sidecar(call);
        await sidecar.Publish(r.PubsubName, r.Topic, [new Publication(sidecar.AppId, r.PubsubName, r.Topic, r.Data.Memory, r.DataContentType, r.Metadata)
        {
            TraceParent = Envelope.TraceParent(call.RequestHeaders.GetValue("traceparent")),
            TraceState = call.RequestHeaders.GetValue("tracestate"),
        }]);
        return Nothing;
    }

    public override Task<BulkPublishResponse> BulkPublishEventAlpha1(BulkPublishRequest r, ServerCallContext call) => BulkPublishEvent(r, call);

    public override async Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest r, ServerCallContext call)
    {
        var sidecar = Sidecar(call);
        sidecar.CheckTopic(r.PubsubName, r.Topic);
        if (r.Entries.Any(e => e.EntryId.Length == 0) || r.Entries.DistinctBy(e => e.EntryId).Count() != r.Entries.Count)
            throw new ApiException(400, StatusCode.InvalidArgument, "ERR_PUBSUB_EVENTS_SER", $"error marshaling events to bytes for topic {r.Topic} pubsub {r.PubsubName}. error: entryId is duplicated or not present for entry");
        await sidecar.Publish(r.PubsubName, r.Topic, [.. r.Entries.Select(e =>
            new Publication(sidecar.AppId, r.PubsubName, r.Topic, e.Event.Memory, e.ContentType, Merge(r.Metadata, e.Metadata)))]);
        return new BulkPublishResponse();
    }

    static MapField<string, string> Merge(MapField<string, string> common, MapField<string, string> own)
    {
        foreach (var (name, value) in common) own.TryAdd(name, value);
        return own;
    }

    public override Task<GetStateResponse> GetState(GetStateRequest r, ServerCallContext call)
    {
        var answer = new GetStateResponse();
        if (Sidecar(call).Store(r.StoreName).Get(r.Key) is { } item)
        {
            (answer.Data, answer.Etag) = (UnsafeByteOperations.UnsafeWrap(item.Value), item.ETag);
            if (item.Expires is { } at) answer.Metadata["ttlExpireTime"] = at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ");
        }
        return Task.FromResult(answer);
    }

    public override Task<GetBulkStateResponse> GetBulkState(GetBulkStateRequest r, ServerCallContext call)
    {
        var store = Sidecar(call).Store(r.StoreName);
        var answer = new GetBulkStateResponse();
        foreach (var key in r.Keys)
            answer.Items.Add(store.Get(key) is { } item ? new BulkStateItem { Key = key, Data = UnsafeByteOperations.UnsafeWrap(item.Value), Etag = item.ETag } : new BulkStateItem { Key = key });
        return Task.FromResult(answer);
    }

    public override async Task<Empty> SaveState(SaveStateRequest r, ServerCallContext call)
    {
        var store = Sidecar(call).Store(r.StoreName);
        if (r.States.Any(s => s.Key.Length == 0)) throw new ApiException(400, StatusCode.InvalidArgument, "ERR_STATE_SAVE", "state key cannot be empty");
        await Conflicts("ERR_STATE_SAVE", $"failed saving state in state store {r.StoreName}", () => Task.WhenAll(r.States.Select(s => store.Apply(ToChange(s, delete: false)))));
        return Nothing;
    }

    public override async Task<Empty> DeleteState(DeleteStateRequest r, ServerCallContext call)
    {
        var store = Sidecar(call).Store(r.StoreName);
        var change = new StateChange(r.Key, null, r.Etag?.Value, First(r.Options));
        await Conflicts("ERR_STATE_DELETE", $"failed deleting state with key {r.Key}", () => store.Apply(change));
        return Nothing;
    }

    public override async Task<Empty> DeleteBulkState(DeleteBulkStateRequest r, ServerCallContext call)
    {
        var store = Sidecar(call).Store(r.StoreName);
        await Conflicts("ERR_STATE_BULK_DELETE", $"failed deleting state in state store {r.StoreName}", () => Task.WhenAll(r.States.Select(s => store.Apply(ToChange(s, delete: true)))));
        return Nothing;
    }

    public override async Task<Empty> ExecuteStateTransaction(ExecuteStateTransactionRequest r, ServerCallContext call)
    {
        var store = Sidecar(call).Store(r.StoreName);
        var changes = r.Operations.Select(o => ToChange(o.Request, delete: o.OperationType switch
        {
            "delete" => true,
            "upsert" => false,
            var other => throw new ApiException(400, StatusCode.Unimplemented, "ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {other} not supported"),
        })).ToList();
        try { await store.Apply(changes); }
        catch (ConflictException e) { throw new ApiException(500, StatusCode.Internal, "ERR_STATE_TRANSACTION", $"error while executing state transaction: {e.Message}"); }
        return Nothing;
    }

    static StateChange ToChange(StateItem s, bool delete)
    {
        try { return new StateChange(s.Key, delete ? null : s.Value.ToByteArray(), s.Etag?.Value, First(s.Options), StateApi.Ttl(s.Metadata)); }
        catch (FormatException e) { throw new ApiException(500, StatusCode.Internal, "ERR_STATE_SAVE", e.Message); }
    }

    static bool First(StateOptions? options) => options?.Concurrency == StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite;

    static async Task Conflicts(string code, string what, Func<Task> apply)
    {
        try { await apply(); }
        catch (ConflictException e) { throw e.Told(code, what); }
    }

    public override async Task<InvokeBindingResponse> InvokeBinding(InvokeBindingRequest r, ServerCallContext call)
    {
        await Sidecar(call).InvokeBinding(r.Name, r.Operation, r.Data.Memory, r.Metadata);
        return new InvokeBindingResponse();
    }

    public override async Task<InvokeResponse> InvokeService(InvokeServiceRequest r, ServerCallContext call)
    {
        var verb = r.Message.HttpExtension?.Verb ?? HTTPExtension.Types.Verb.Post;
        var query = r.Message.HttpExtension?.Querystring is { Length: > 0 } q ? "?" + q : "";
        using var answer = await InvokeHttp.Send(Sidecar(call), r.Id, "/" + r.Message.Method.TrimStart('/') + query, () => new HttpRequestMessage
        {
            Method = new HttpMethod(verb.ToString().ToUpperInvariant()),
            Content = r.Message.Data is { } data ? new ByteArrayContent(data.Value.ToByteArray()) { Headers = { { "Content-Type", r.Message.ContentType is { Length: > 0 } type ? type : "application/json" } } } : null,
        }, isOnce: false, call.CancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(call.CancellationToken);
        if (!answer.IsSuccessStatusCode) throw new RpcException(new Status(answer.StatusCode == System.Net.HttpStatusCode.NotFound ? StatusCode.NotFound : StatusCode.Unknown, System.Text.Encoding.UTF8.GetString(body)));
        return new InvokeResponse { ContentType = answer.Content.Headers.ContentType?.ToString() ?? "", Data = new Any { Value = ByteString.CopyFrom(body) } };
    }

    public override Task<GetSecretResponse> GetSecret(GetSecretRequest r, ServerCallContext call) =>
        Task.FromResult(new GetSecretResponse { Data = { [r.Key] = Sidecar(call).SecretStore(r.StoreName).Get(r.Key) } });

    public override Task<GetBulkSecretResponse> GetBulkSecret(GetBulkSecretRequest r, ServerCallContext call)
    {
        var answer = new GetBulkSecretResponse();
        foreach (var (name, value) in Sidecar(call).SecretStore(r.StoreName).All()) answer.Data[name] = new SecretResponse { Secrets = { [name] = value } };
        return Task.FromResult(answer);
    }

    public override Task<GetMetadataResponse> GetMetadata(GetMetadataRequest r, ServerCallContext call)
    {
        var sidecar = Sidecar(call);
        var answer = new GetMetadataResponse
        {
            Id = sidecar.AppId,
            RuntimeVersion = MetadataHttp.RuntimeVersion,
            ExtendedMetadata = { sidecar.Extended },
            AppConnectionProperties = new() { Port = sidecar.Spec.AppPort, Protocol = "http", ChannelAddress = "127.0.0.1", MaxConcurrency = -1 },
            Workflows = new() { ConnectedWorkers = sidecar.ConnectedWorkers },
        };
        answer.RegisteredComponents.AddRange(sidecar.Components.Select(c => new RegisteredComponent { Name = c.Name, Type = c.Type, Version = "v1", Capabilities = { MetadataHttp.Capabilities(c.Type) } }));
        answer.Subscriptions.AddRange(sidecar.Subscriptions.Select(s => new PubsubSubscription
        {
            PubsubName = s.PubSub,
            Topic = s.Topic,
            DeadLetterTopic = s.DeadLetterTopic ?? "",
            Type = s.Declared ? 1 : 2,
            Rules = new() { Rules = { s.Rules.Select(rule => new PubsubSubscriptionRule { Match = rule.Match, Path = rule.Path }).Append(new() { Path = s.Route ?? "" }) } },
        }));
        return Task.FromResult(answer);
    }

    public override Task<Empty> SetMetadata(SetMetadataRequest r, ServerCallContext call)
    {
        Sidecar(call).Extended[r.Key] = r.Value;
        return Task.FromResult(Nothing);
    }

    public override Task<Empty> Shutdown(ShutdownRequest r, ServerCallContext call)
    {
        Sidecar(call).RequestShutdown();
        return Task.FromResult(Nothing);
    }

    static AppSidecar Sidecar(ServerCallContext call) => call.GetHttpContext().Sidecar();
}
