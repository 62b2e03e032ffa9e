namespace Ecom.Sidecar.Config;

/// <summary>A Dapr component: its name is what the services say, its type what stands behind it.</summary>
public sealed record Component(string Name, string Type, IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<string> Scopes)
{
    public bool Serves(string appId) => Scopes.Count == 0 || Scopes.Contains(appId);
}

/// <summary>Everything in a resources folder: components, declarative subscriptions, resiliency.</summary>
sealed record Resources(IReadOnlyList<Component> Components, IReadOnlyList<DeclaredSubscription> Subscriptions, Resiliency Resiliency)
{
    public const string PubSub = "pubsub.sqlite";
    public const string State = "state.sqlite";
    public const string Mail = "bindings.smtp";
    public const string Secrets = "secretstores.local.env";

    /// <summary>What each component type may be told.</summary>
    static readonly Dictionary<string, string[]> Known = new()
    {
        [PubSub] = ["retention", "lanes", "publishingScopes", "subscriptionScopes", "allowedTopics", "protectedTopics"],
        [State] = ["actorStateStore", "keyPrefix"],
        [Mail] = ["emailFrom", "emailTo", "emailCC", "emailBCC", "subject", "priority"],
        [Secrets] = ["prefix"],
    };

    public IEnumerable<Component> For(string appId, string type) => Components.Where(c => c.Type == type && c.Serves(appId));

    public static Resources Load(string folder)
    {
        if (!Directory.Exists(folder)) throw new SetupException($"{folder}: the folder of component files is not there");
        var components = new List<Component>();
        var subscriptions = new List<DeclaredSubscription>();
        var resiliency = new Resiliency();
        var seen = new Dictionary<string, string>();
        var documents = Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f) is ".yaml" or ".yml").Order(StringComparer.Ordinal).SelectMany(YamlPlace.Load);
        // First what the others may have their values from.
        foreach (var document in documents.OrderBy(d => d.Find("spec")?.Find("type")?.Text() != Secrets))
        {
            var version = document.Get("apiVersion");
            var kind = document.Get("kind");
            var name = document.Get("metadata").Get("name").Text();
            if (document.Get("metadata").Text("namespace") is { } space and not "default")
                throw document.Get("metadata").Wrong($"the namespace is 'default' here, not '{space}'");
            if (!seen.TryAdd($"{kind.Text()}/{name}", document.FullName))
                throw document.Wrong($"a second {kind.Text()} named '{name}'; the first is in {seen[$"{kind.Text()}/{name}"]}");
            switch (kind.Text(), version.Text())
            {
                case ("Component", "dapr.io/v1alpha1"): components.Add(ReadComponent(document, name, components)); break;
                case ("Subscription", "dapr.io/v2alpha1"): subscriptions.Add(DeclaredSubscription.Read(document)); break;
                case ("Resiliency", "dapr.io/v1alpha1"): resiliency.Read(document); break;
                default: throw kind.Wrong($"this host does not know {version.Text()} {kind.Text()}; it knows Component and Resiliency (dapr.io/v1alpha1) and Subscription (dapr.io/v2alpha1)");
            }
            document.NothingElse();
        }
        if (components.Count(c => c.Metadata.GetValueOrDefault("actorStateStore") == "true") is > 1 and var n)
            throw new SetupException($"{folder}: {n} state stores have actorStateStore \"true\"; only one may");
        resiliency.CheckTargets(components);
        return new Resources(components, subscriptions, resiliency);
    }

    /// <param name="before">The components that were read before, the secret stores among them.</param>
    static Component ReadComponent(YamlPlace document, string name, List<Component> before)
    {
        var spec = document.Get("spec");
        var type = spec.Get("type");
        if (!Known.TryGetValue(type.Text(), out var known))
            throw type.Wrong($"this host has no component type '{type.Text()}'; it has {string.Join(", ", Known.Keys)}");
        if (spec.Get("version").Text() != "v1") throw spec.Get("version").Wrong($"{type.Text()} has only the version v1");
        // Nothing is waited for here: a table is there or the host does not start.
        _ = spec.Text("initTimeout");
        if (spec.Flag("ignoreErrors") == true) throw spec.Get("ignoreErrors").Wrong("this host does not start with a component that is wrong");
        var auth = document.Find("auth");
        var secrets = auth?.Text("secretStore") is not { } store ? null
            : before.Find(c => c.Name == store && c.Type == Secrets) ?? throw auth.Wrong($"there is no {Secrets} component named '{store}'");
        auth?.NothingElse();
        var metadata = new Dictionary<string, string>();
        foreach (var item in spec.List("metadata"))
        {
            var key = item.Get("name").Text();
            if (!known.Contains(key)) throw item.Wrong($"{type.Text()} does not know '{key}'; it knows {string.Join(", ", known)}");
            if (!metadata.TryAdd(key, ReadValue(item, secrets))) throw item.Wrong($"'{key}' stands here twice");
            item.NothingElse();
        }
        spec.NothingElse();
        CheckValues(spec, type.Text(), metadata);
        return new Component(name, type.Text(), metadata, document.Texts("scopes"));
    }

    static string ReadValue(YamlPlace item, Component? secrets)
    {
        if (item.Find("value") is { } value) return value.Text();
        var (place, prefix) = (item.Find("envRef"), "");
        if (item.Find("secretKeyRef") is { } secret)
        {
            (place, prefix) = (secret.Get("name"), (secrets ?? throw secret.Wrong("a secretKeyRef needs the name of its store, 'auth.secretStore'")).Metadata["prefix"]);
            // A variable of the environment is one value: its key is its name.
            if (secret.Text("key") is { } key && key != place.Text()) throw secret.Get("key").Wrong($"'key' must be the name, '{place.Text()}', in a {Secrets}, not '{key}'");
            secret.NothingElse();
        }
        var variable = prefix + (place?.Text() ?? throw item.Wrong("a metadata entry needs 'value', 'envRef' or 'secretKeyRef'"));
        return Environment.GetEnvironmentVariable(variable) ?? throw place.Wrong($"the environment variable {variable} is not set");
    }

    static void CheckValues(YamlPlace spec, string type, Dictionary<string, string> metadata)
    {
        if (metadata.TryGetValue("retention", out var retention) && !Durations.TryParse(retention, out _))
            throw spec.Wrong($"'retention' must be a duration such as 24h, not '{retention}'");
        if (metadata.TryGetValue("lanes", out var lanes) && !(int.TryParse(lanes, out var n) && n is > 0 and <= 64))
            throw spec.Wrong($"'lanes' must be a number from 1 to 64, not '{lanes}'");
        if (type == Secrets && metadata.GetValueOrDefault("prefix") is not { Length: > 0 })
            throw spec.Wrong($"{Secrets} needs a 'prefix': without one the whole environment would be secrets to give away");
        if (type == State && metadata.TryGetValue("actorStateStore", out var flag) && flag is not ("true" or "false"))
            throw spec.Wrong($"'actorStateStore' must be \"true\" or \"false\", not '{flag}'");
        if (type == Mail && metadata.TryGetValue("priority", out var priority) && !(int.TryParse(priority, out var p) && p is >= 1 and <= 5))
            throw spec.Wrong($"'priority' must be a number from 1 to 5, not '{priority}'");
    }
}
