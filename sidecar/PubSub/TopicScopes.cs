using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.PubSub;

/// <summary>Who may publish to and read which topics of a pubsub component: Dapr's scoping metadata ("app1=t1,t2;app2=").</summary>
sealed class TopicScopes(Component component, string appId)
{
    readonly HashSet<string>? publishing = Scoped(component, "publishingScopes", appId);
    readonly HashSet<string>? subscribing = Scoped(component, "subscriptionScopes", appId);
    readonly HashSet<string> allowed = Split(component, "allowedTopics");
    readonly HashSet<string> guarded = Split(component, "protectedTopics");

    public bool MayPublish(string topic) => May(topic, publishing);

    public bool MaySubscribe(string topic) => May(topic, subscribing);

    bool May(string topic, HashSet<string>? scope) =>
        (allowed.Count == 0 || allowed.Contains(topic)) && (scope is null ? !guarded.Contains(topic) : scope.Contains(topic));

    static HashSet<string> Split(Component component, string name) =>
        [.. (component.Metadata.GetValueOrDefault(name) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Null when the app is not mentioned: then it is not restricted.</summary>
    static HashSet<string>? Scoped(Component component, string name, string appId)
    {
        foreach (var part in (component.Metadata.GetValueOrDefault(name) ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var sides = part.Split('=', 2, StringSplitOptions.TrimEntries);
            if (sides[0] == appId) return [.. (sides.Length > 1 ? sides[1] : "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        }
        return null;
    }
}
