using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.Contract;

/// <summary>During a rolling update both releases publish and both read: each must understand what the other says.</summary>
public sealed class EarlierEventsTests
{
    static readonly IReadOnlyDictionary<string, Func<byte[], (object? Event, string? Fault)>> Readers = typeof(IEvent).Assembly.GetTypes().Where(type => type is { IsClass: true } && type.IsAssignableTo(typeof(IEvent)))
        .Select(type => ((string, Func<byte[], (object?, string?)>))typeof(EarlierEventsTests).GetMethod(nameof(Reader), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null)!)
        .ToDictionary();

    public static TheoryData<string, string> Published { get; } = [.. OldData.Releases.SelectMany(release => Directory.GetFiles(Folder(release), "*.json").Select(file => (release, Path.GetFileNameWithoutExtension(file))))];

    [Theory, MemberData(nameof(Published))]
    public void An_event_of_an_earlier_release_is_read_without_a_loss(string release, string topic)
    {
        var earlier = Read(release, topic);

        var (read, fault) = Parse(topic, earlier);

        fault.ShouldBeNull();
        ShouldHold(JsonNode.Parse(JsonSerializer.SerializeToUtf8Bytes(read, Json.Options))!, earlier, isSameValue: true);
    }

    /// <summary>Its code asks for the fields it knew, and passes over others, as this one does.</summary>
    [Theory, MemberData(nameof(Published))]
    public void An_event_of_today_has_every_field_that_an_earlier_release_asks_for(string release, string topic)
    {
        var today = JsonNode.Parse(File.ReadAllText(Repository.File($"tests/Contract/golden/{topic}.json")))!;

        ShouldHold(today, Read(release, topic), isSameValue: false);
    }

    [Theory, MemberData(nameof(Published))]
    public void Fields_of_a_later_release_are_passed_over(string release, string topic)
    {
        var later = Read(release, topic);
        AddFields(later);

        Parse(topic, later).Fault.ShouldBeNull();
    }

    static void AddFields(JsonNode node)
    {
        foreach (var inner in node switch { JsonObject o => o.Select(field => field.Value), JsonArray a => a, _ => [] })
            if (inner is not null)
                AddFields(inner);
        if (node is JsonObject here)
            here["of_a_later_release"] = new JsonObject { ["known"] = false };
    }

    static void ShouldHold(JsonNode? node, JsonNode? earlier, bool isSameValue, string path = "$")
    {
        if (earlier is null)
            return;
        node.ShouldNotBeNull(path);
        node.GetValueKind().ShouldBe(earlier.GetValueKind(), path);
        if (earlier is JsonObject fields)
            foreach (var (name, value) in fields)
                ShouldHold(node[name], value, isSameValue, $"{path}.{name}");
        else if (earlier is JsonArray items)
            for (var i = 0; i < items.Count; i++)
                ShouldHold(node[i], items[i], isSameValue, $"{path}[{i}]");
        else if (isSameValue)
            JsonNode.DeepEquals(node, earlier).ShouldBeTrue($"{path}: {earlier} became {node}");
    }

    static (object? Event, string? Fault) Parse(string topic, JsonNode e) => Readers[topic](JsonSerializer.SerializeToUtf8Bytes(e));

    static (string Topic, Func<byte[], (object?, string?)> Read) Reader<T>() where T : class, IEvent => (T.Topic, json => CloudEvent.Parse<T>(json));

    static JsonNode Read(string release, string topic) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(release), $"{topic}.json")))!;

    static string Folder(string release) => Repository.File($"tests/old-data/{release}/events");
}
