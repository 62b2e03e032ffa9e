using System.Globalization;

namespace Ecom.Sidecar.Config;

/// <summary>How often and how far apart something is tried again. Attempts are retries + 1; -1 retries is for ever.</summary>
public sealed record RetryPolicy(bool Exponential, TimeSpan Duration, TimeSpan MaxInterval, int MaxRetries, IReadOnlyList<(int From, int To)> StatusCodes)
{
    /// <summary>Whether another attempt follows this one.</summary>
    /// <param name="attempt">From 1.</param>
    /// <param name="status">With what the other side answered; null: it did not.</param>
    public bool Repeats(int attempt, int? status) => (MaxRetries < 0 || attempt <= MaxRetries) && Covers(status);

    bool Covers(int? status) => status is not { } code || StatusCodes.Count == 0 || StatusCodes.Any(r => code >= r.From && code <= r.To);

    public TimeSpan Delay(int attempt)
    {
        if (!Exponential) return Duration;
        var grown = 500 * Math.Pow(1.5, Math.Min(attempt - 1, 40)) * (0.5 + Random.Shared.NextDouble());
        return TimeSpan.FromMilliseconds(Math.Min(grown, MaxInterval.TotalMilliseconds));
    }
}

public sealed record Policies(TimeSpan? Timeout, RetryPolicy? Retry)
{
    public static readonly Policies None = new(null, null);
}

/// <summary>
/// Dapr's resiliency for what the embedded host does on an app's behalf: the delivery of events (inbound of a pubsub component) and the
/// invocation of another app. Other targets are refused rather than silently ignored.
/// </summary>
sealed class Resiliency
{
    readonly List<Target> inbound = [], apps = [];

    /// <summary>For the events of a component on their way to an app.</summary>
    public Policies Inbound(string component, string appId) => Of(inbound, component, appId);

    /// <summary>For an app's calls of another.</summary>
    public Policies Invocation(string callee, string caller) => Of(apps, callee, caller);

    sealed record Target(string Name, Policies Policies, IReadOnlyList<string> Scopes, YamlPlace Place);

    static Policies Of(List<Target> targets, string name, string appId) =>
        targets.Find(target => target.Name == name && (target.Scopes.Count == 0 || target.Scopes.Contains(appId)))?.Policies ?? Policies.None;

    public void Read(YamlPlace document)
    {
        var spec = document.Get("spec");
        var scopes = document.Texts("scopes");
        var policies = spec.Get("policies");
        var timeouts = policies.Map("timeouts").ToDictionary(t => t.Key, t => Durations.TryParse(t.Value.Text(), out var d) ? d
            : throw t.Value.Wrong($"'{t.Key}' must be a duration such as 10s, not '{t.Value.Text()}'"));
        var retries = policies.Map("retries").ToDictionary(r => r.Key, r => ReadRetry(r.Value));
        policies.NothingElse();
        var targets = spec.Get("targets");
        foreach (var (name, target) in targets.Map("components"))
        {
            if (target.Find("inbound") is not { } place) throw target.Wrong($"only 'inbound' of a pubsub component is supported in this host, '{name}' has none");
            inbound.Add(new(name, Named(place), scopes, target));
            target.NothingElse();
        }
        foreach (var (name, target) in targets.Map("apps")) apps.Add(new(name, Named(target), scopes, target));
        targets.NothingElse();
        spec.NothingElse();

        Policies Named(YamlPlace place)
        {
            var timeout = place.Text("timeout") is { } t ? (timeouts.TryGetValue(t, out var d) ? d : throw place.Wrong($"there is no timeout named '{t}'")) : (TimeSpan?)null;
            var retry = place.Text("retry") is { } r ? (retries.TryGetValue(r, out var p) ? p : throw place.Wrong($"there is no retry policy named '{r}'")) : null;
            place.NothingElse();
            return new(timeout, retry);
        }
    }

    public void CheckTargets(IReadOnlyList<Component> components)
    {
        foreach (var target in inbound)
            if (!components.Any(c => c.Name == target.Name && c.Type == Resources.PubSub))
                throw target.Place.Wrong($"resiliency names the pubsub component '{target.Name}', which is not there");
    }

    static RetryPolicy ReadRetry(YamlPlace place)
    {
        var policy = place.Text("policy") ?? "constant";
        if (policy is not ("constant" or "exponential")) throw place.Get("policy").Wrong($"'policy' must be constant or exponential, not '{policy}'");
        var retry = new RetryPolicy(
            policy == "exponential",
            place.Duration("duration") ?? TimeSpan.FromSeconds(5),
            place.Duration("maxInterval") ?? TimeSpan.FromSeconds(60),
            place.Number("maxRetries") ?? -1,
            ReadCodes(place.Find("matching")));
        place.NothingElse();
        return retry;
    }

    static List<(int, int)> ReadCodes(YamlPlace? matching)
    {
        if (matching?.Find("httpStatusCodes") is not { } codes) { matching?.NothingElse(); return []; }
        _ = matching.Text("gRPCStatusCodes");
        matching.NothingElse();
        return [.. codes.Text().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part =>
        {
            var ends = part.Split('-');
            return int.TryParse(ends[0], CultureInfo.InvariantCulture, out var from) && int.TryParse(ends[^1], CultureInfo.InvariantCulture, out var to) && from <= to
                ? (from, to) : throw codes.Wrong($"'{part}' is no status code or range");
        })];
    }
}
