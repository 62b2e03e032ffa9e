using System.Collections;

namespace Ecom.Sidecar.State;

/// <summary>secretstores.local.env: of the host's environment variables those that begin with the prefix, Dapr's own excepted.</summary>
sealed class Secrets(string prefix)
{
    public string Get(string key) => Allowed(key) ? Environment.GetEnvironmentVariable(prefix + key) ?? "" : "";

    public Dictionary<string, string> All() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(e => (Name: (string)e.Key, Value: (string?)e.Value ?? ""))
        .Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal) && Allowed(e.Name[prefix.Length..]))
        .ToDictionary(e => e.Name[prefix.Length..], e => e.Value);

    static bool Allowed(string key) => key != "APP_API_TOKEN" && !key.StartsWith("DAPR_", StringComparison.OrdinalIgnoreCase);
}
