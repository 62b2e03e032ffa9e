using System.Collections.Concurrent;
using Ecom.Sidecar.Api;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Ecom.Sidecar.PubSub;
using Ecom.Sidecar.State;
using Ecom.Sidecar.Storage;
using Ecom.Sidecar.Workflows;
using Microsoft.Data.Sqlite;

namespace Ecom.Sidecar;

/// <summary>What all sidecars of one host share.</summary>
sealed record World(Resources Resources, GroupCommit File, Broker Broker, StateStore State, MailBox Mail, string ApiToken, string AppToken, Action<string, string> Log, LocalNetwork? Network)
{
    public List<AppSidecar> Sidecars { get; } = [];
}

/// <summary>The sidecar of one app: what the app may use, and the way back to the app. Both APIs stand on it.</summary>
sealed class AppSidecar : IAsyncDisposable
{
    readonly World world;
    readonly Dictionary<string, (Component Component, TopicScopes Scopes)> pubsubs;
    readonly Dictionary<string, StateApi> stores;
    readonly Dictionary<string, MailBinding> bindings;
    readonly Dictionary<string, SubscriptionQueue> queues = [];
    readonly PubSub.Delivery delivery;
    readonly CancellationTokenSource stop = new();
    Task following = Task.CompletedTask;

    public AppSidecar(AppSpec spec, World world)
    {
        (Spec, this.world) = (spec, world);
        var mine = world.Resources.Components.Where(c => c.Serves(spec.AppId)).ToList();
        Components = mine;
        pubsubs = mine.Where(c => c.Type == Resources.PubSub).ToDictionary(c => c.Name, c => (c, new TopicScopes(c, spec.AppId)));
        stores = mine.Where(c => c.Type == Resources.State).ToDictionary(c => c.Name, c => new StateApi(c, spec.AppId, world.State));
        bindings = mine.Where(c => c.Type == Resources.Mail).ToDictionary(c => c.Name, c => new MailBinding(c, world.Mail));
        Channel = new AppChannel(spec.AppId, spec.AppPort, world.AppToken, spec.HealthCheck, world.Network);
        delivery = new PubSub.Delivery(Channel, world.Broker, component => world.Resources.Resiliency.Inbound(component, spec.AppId), line => world.Log(spec.AppId, line));
    }

    public AppSpec Spec { get; }
    public string AppId => Spec.AppId;
    public string ApiToken => world.ApiToken;
    public AppChannel Channel { get; }
    public IReadOnlyList<Component> Components { get; }
    public ConcurrentDictionary<string, string> Extended { get; } = new();
    public IReadOnlyList<Subscription> Subscriptions { get; private set; } = [];
    /// <summary>There for the app whose state store keeps workflows.</summary>
    public WorkflowEngine? Workflows { get; init; }
    public int ConnectedWorkers => Workflows?.ConnectedWorkers ?? 0;
    /// <summary>The app asked for the end of its sidecar: what the host then does.</summary>
    public Action RequestShutdown { get; set; } = () => { };
    public bool IsStopped { get; set; }

    /// <summary>Begins to look for the app and to bring it its events.</summary>
    public void Start() => following = Task.Run(async () =>
    {
        while (!stop.IsCancellationRequested)
            try { await Channel.Follow(Subscribe, stop.Token); }
            catch (OperationCanceledException) { /* stopping */ }
            catch (Microsoft.Data.Sqlite.SqliteException e)
            {
                world.Log(AppId, $"the subscriptions cannot be opened: {e.Message}; tried again in a second");
                await Task.Delay(1000);
            }
    });

    async Task Subscribe(CancellationToken cancel)
    {
        var wanted = await AskSubscriptions(cancel);
        wanted.AddRange(world.Resources.Subscriptions.Where(d => d.Scopes.Count == 0 || d.Scopes.Contains(AppId)).Select(d => d.Subscription)
            .Where(d => !wanted.Any(w => w.PubSub == d.PubSub && w.Topic == d.Topic)));
        var accepted = new List<Subscription>();
        foreach (var sub in wanted.DistinctBy(s => (s.PubSub, s.Topic)))
        {
            if (!pubsubs.TryGetValue(sub.PubSub, out var pubsub)) { world.Log(AppId, $"subscribes to {sub.Topic} at '{sub.PubSub}', a pubsub component it does not have"); continue; }
            if (!pubsub.Scopes.MaySubscribe(sub.Topic)) { world.Log(AppId, $"may not subscribe to {sub.Topic} at {sub.PubSub}"); continue; }
            accepted.Add(sub);
            if (queues.TryGetValue($"{sub.PubSub}/{sub.Topic}", out var open)) { open.Subscription = sub; continue; }
            var lanes = int.Parse(pubsub.Component.Metadata.GetValueOrDefault("lanes") ?? "8");
            queues[$"{sub.PubSub}/{sub.Topic}"] = await world.Broker.Open(AppId, await world.Broker.Topic(sub.PubSub, sub.Topic), sub, delivery.Deliver, lanes);
        }
        foreach (var (name, queue) in queues.Where(q => !accepted.Any(s => $"{s.PubSub}/{s.Topic}" == q.Key)).ToList())
        {
            queues.Remove(name);
            await world.Broker.Close(queue);
        }
        Subscriptions = accepted;
    }

    async Task<List<Subscription>> AskSubscriptions(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                using var answer = await Channel.Send(new HttpRequestMessage(HttpMethod.Get, new Uri(Channel.Base, "/dapr/subscribe")), cancel);
                if ((int)answer.StatusCode is 404 or 204) return [];
                if (answer.IsSuccessStatusCode) return [.. Subscription.Parse(await answer.Content.ReadAsByteArrayAsync(cancel))];
                world.Log(AppId, $"GET /dapr/subscribe answers {(int)answer.StatusCode}; asked again in a second");
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or FormatException)
            {
                world.Log(AppId, $"GET /dapr/subscribe: {e.Message}; asked again in a second");
            }
            catch (HttpRequestException)
            {
                // Gone again while it was asked.
            }
            await Task.Delay(1000, cancel);
        }
    }

    /// <summary>Writes the events and returns when they are safe. Nothing is written when one cannot be.</summary>
    public async Task Publish(string pubsub, string topic, IReadOnlyList<Publication> events)
    {
        CheckTopic(pubsub, topic);
        if (events.Count == 0) return;
        var messages = new Message[events.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            try { messages[i] = Envelope.Wrap(events[i]); }
            catch (FormatException e) { throw new ApiException(400, Grpc.Core.StatusCode.InvalidArgument, "ERR_PUBSUB_REQUEST_METADATA", $"failed deserializing metadata. Error: {e.Message}"); }
            catch (System.Text.Json.JsonException) { throw new ApiException(500, Grpc.Core.StatusCode.InvalidArgument, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent"); }
        }
        try { await world.Broker.Publish(await world.Broker.Topic(pubsub, topic), messages); }
        catch (Microsoft.Data.Sqlite.SqliteException e) { throw new ApiException(500, Grpc.Core.StatusCode.Internal, "ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publishing to topic {topic} in pubsub {pubsub}: {e.Message}"); }
    }

    public void CheckTopic(string pubsub, string topic)
    {
        if (pubsubs.Count == 0) throw ApiException.NoPubSubs(pubsub);
        if (!pubsubs.TryGetValue(pubsub, out var found)) throw ApiException.NoPubSub(pubsub);
        if (topic.Length == 0) throw ApiException.NoTopic(pubsub);
        if (!found.Scopes.MayPublish(topic)) throw ApiException.Forbidden(topic, AppId);
    }

    public StateApi Store(string name) => stores.Count == 0 ? throw ApiException.NoStores(name) : stores.GetValueOrDefault(name) ?? throw ApiException.NoStore(name);

    public async Task InvokeBinding(string name, string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
    {
        if (!bindings.TryGetValue(name, out var binding)) throw ApiException.Binding(name, $"couldn't find output binding {name}");
        if (operation.Length == 0) throw ApiException.Binding(name, "operation field is missing from request");
        try { await binding.Invoke(operation, data, metadata); }
        catch (Exception e) when (e is BindingException or SqliteException) { throw ApiException.Binding(name, e.Message); }
    }

    public Secrets SecretStore(string name)
    {
        var all = world.Resources.For(AppId, Resources.Secrets).ToList();
        if (all.Count == 0) throw new ApiException(500, Grpc.Core.StatusCode.FailedPrecondition, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured");
        return all.FirstOrDefault(c => c.Name == name) is { } component ? new Secrets(component.Metadata["prefix"])
            : throw new ApiException(401, Grpc.Core.StatusCode.InvalidArgument, "ERR_SECRET_STORE_NOT_FOUND", $"failed finding secret store with key {name}");
    }

    /// <summary>How patient this app's calls of another are.</summary>
    public Policies PoliciesTowards(string appId) => world.Resources.Resiliency.Invocation(appId, AppId);

    /// <summary>Another app of the host, by the name under which it is invoked.</summary>
    public AppSidecar? Peer(string appId) => world.Sidecars.Find(s => s.AppId == appId);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await following;
        foreach (var queue in queues.Values) await queue.DisposeAsync();
        Channel.Dispose();
    }
}
