using Ecom.Sidecar.Api;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.State;

/// <summary>One app's view of one state store: its keys carry its prefix, and it never sees it.</summary>
sealed class StateApi(Component component, string appId, StateStore state)
{
    readonly string prefix = component.Metadata.GetValueOrDefault("keyPrefix") switch
    {
        null or "" or "appid" => $"{appId}||",
        "none" => "",
        "name" => $"{component.Name}||",
        var literal => $"{literal}||",
    };

    public Item? Get(string key) => state.Get(component.Name, Full(key));

    public Task Apply(params IReadOnlyList<StateChange> changes) => state.Apply(component.Name, [.. changes.Select(c => c with { Key = Full(c.Key) })]);

    string Full(string key)
    {
        if (key.Contains("||")) throw ApiException.BadKey(key);
        return prefix + key;
    }

    /// <summary>ttlInSeconds: a whole number of at least -1; only a positive one expires anything.</summary>
    public static TimeSpan? Ttl(IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata?.GetValueOrDefault("ttlInSeconds") is not { Length: > 0 } text) return null;
        if (!int.TryParse(text, out var seconds) || seconds < -1) throw new FormatException($"incorrect value for metadata ttlInSeconds: '{text}' must be -1 or more");
        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
    }
}
