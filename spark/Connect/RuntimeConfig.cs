using System.Globalization;
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
        var pair = client.Config(new() { GetOption = new() { Keys = { key } } }).Now().Pairs.FirstOrDefault();
        return pair?.HasValue == true ? pair.Value : null;
    }

    /// <summary>The value of a setting, or another when it has none.</summary>
    public string Get(string key, string defaultValue) => Get(key) ?? defaultValue;

    /// <summary>Changes a setting.</summary>
    public void Set(string key, string value) => Set(new Dictionary<string, string> { [key] = value }, CancellationToken.None).Now();

    /// <inheritdoc cref="Set(string, string)"/>
    public void Set(string key, bool value) => Set(key, value ? "true" : "false");

    /// <inheritdoc cref="Set(string, string)"/>
    public void Set(string key, long value) => Set(key, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Takes a setting back to the server's.</summary>
    public void Unset(string key) => client.Config(new() { Unset = new() { Keys = { key } } }).Now();

    internal async Task Set(IReadOnlyDictionary<string, string> settings, CancellationToken cancellation)
    {
        if (settings.Count > 0)
            await client.Config(new() { Set = new() { Pairs = { settings.Select(setting => new KeyValue { Key = setting.Key, Value = setting.Value }) } } }, cancellation).ConfigureAwait(false);
    }
}
