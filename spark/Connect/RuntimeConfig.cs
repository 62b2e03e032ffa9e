using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect;

/// <summary>The settings of a session.</summary>
public sealed class RuntimeConfig
{
    readonly SparkClient client;

    internal RuntimeConfig(SparkClient client) => this.client = client;

    /// <summary>The value of a setting; null when it has none.</summary>
    public string? Get(string key)
    {
        var pair = client.Config(new() { GetOption = new() { Keys = { key } } }).Pairs.FirstOrDefault();
        return pair?.HasValue == true ? pair.Value : null;
    }

    /// <summary>Changes a setting.</summary>
    public void Set(string key, string value) => Set(new Dictionary<string, string> { [key] = value });

    /// <summary>Takes a setting back to the server's.</summary>
    public void Unset(string key) => client.Config(new() { Unset = new() { Keys = { key } } });

    internal void Set(IReadOnlyDictionary<string, string> settings)
    {
        if (settings.Count > 0)
            client.Config(new() { Set = new() { Pairs = { settings.Select(setting => new KeyValue { Key = setting.Key, Value = setting.Value }) } } });
    }
}
