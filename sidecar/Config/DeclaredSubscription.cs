using Ecom.Sidecar.PubSub;

namespace Ecom.Sidecar.Config;

/// <summary>A subscription that stands in a file instead of being asked of the app.</summary>
sealed record DeclaredSubscription(Subscription Subscription, IReadOnlyList<string> Scopes)
{
    public static DeclaredSubscription Read(YamlPlace document)
    {
        var spec = document.Get("spec");
        var routes = spec.Get("routes");
        var rules = routes.List("rules").Select(r =>
        {
            var rule = RouteRule.TryParse(r.Get("match").Text(), r.Get("path").Text())
                ?? throw r.Wrong("this host understands only rules of the form event.type == \"...\" (any attribute)");
            r.NothingElse();
            return rule;
        }).ToList();
        var fallback = routes.Text("default");
        routes.NothingElse();
        var bulk = spec.Find("bulkSubscribe");
        var batch = bulk?.Flag("enabled") == true ? bulk.Number("maxMessagesCount") ?? Subscription.DefaultBatch : 1;
        _ = bulk?.Number("maxAwaitDurationMs");
        bulk?.NothingElse();
        var metadata = spec.Map("metadata").ToDictionary(m => m.Key, m => m.Value.Text());
        var subscription = new Subscription(spec.Get("pubsubname").Text(), spec.Get("topic").Text(), rules, fallback,
            spec.Text("deadLetterTopic"), batch, metadata.GetValueOrDefault("rawPayload") == "true", Declared: true);
        spec.NothingElse();
        return new DeclaredSubscription(subscription, document.Texts("scopes"));
    }
}
