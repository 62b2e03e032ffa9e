using System.Text.Json.Nodes;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>What may lie on a topic by mistake: each becomes a dead letter with a reason, the answer is SUCCESS, and the partition goes on.</summary>
public static class BadEvents
{
    /// <summary>Wrong in ways that concern every topic.</summary>
    public static IEnumerable<(string What, string Body)> Any(string good) =>
    [
        ("nothing", ""),
        ("no JSON", "hello"),
        ("half JSON", good[..^1]),
        ("JSON with more after it", good + "x"),
        ("null", "null"),
        ("a number", "5"),
        ("an array", "[]"),
        ("no envelope", "{}"),
        ("a foreign object", """{"foo":{"bar":[1,2]}}"""),
        ("no id", good.Without("id")),
        ("an empty id", good.With("id", "\"\"")),
        ("a number as id", good.With("id", "5")),
        ("a long id", good.With("id", $"\"{new string('x', 101)}\"")),
        ("an id with NUL", good.With("id", "\"a\\u0000b\"")),
        ("no time", good.Without("time")),
        ("a wrong time", good.With("time", "\"yesterday\"")),
        ("a number as time", good.With("time", "5")),
        ("no data", good.Without("data")),
        ("null as data", good.With("data", "null")),
        ("text as data", good.With("data", "\"x\"")),
        ("empty data", good.With("data", "{}")),
        ("another version", good.With("specversion", "\"2.0\"")),
        ("another type", good.With("type", "\"order.exploded\"")),
        ("no type", good.Without("type")),
        ("JSON as deep as can be read", good.With("type", "\"order.exploded\"")[..^1] + ",\"extra\":" + Nested(62) + "}"),
        ("half a character", good.With("type", "\"order.exploded\"")[..^1] + ",\"extra\":\"\\ud800\"}"),
        ("JSON too deep to be read", good[..^1] + ",\"extra\":" + Nested(200) + "}"),
    ];

    /// <param name="inBulk">By a bulk subscription.</param>
    public static async Task ShouldBecomeDeadLetter(this ServiceProcess service, string topic, string what, string body, bool inBulk = false)
    {
        var before = service.DeadLetters.Count;

        (await (inBulk ? service.DeliverBulk(topic, [body]) : service.Deliver(topic, body))).ShouldBe("SUCCESS", what);

        await Eventually.Until(() => service.DeadLetters.Count > before, TimeSpan.FromSeconds(20), $"a dead letter for {what}");
        var letter = service.DeadLetters[^1];
        ((string?)letter["original_topic"]).ShouldBe(topic, what);
        ((string?)letter["error_reason"]).ShouldNotBeNullOrWhiteSpace(what);
        ((string?)letter["error_type"]).ShouldBe("InvalidEvent", what);
        Original(letter["payload"], body).ShouldBeTrue($"{what}: {letter["payload"]?.ToJsonString()}");
    }

    /// <summary>Those that a sidecar can bring in bulk, whose events are JSON.</summary>
    public static IEnumerable<(string What, string Body)> AnyJson(string good) => Any(good).Where(bad => !NoJson.Contains(bad.What));

    static readonly string[] NoJson = ["nothing", "no JSON", "half JSON", "JSON with more after it"];

    static string Nested(int depth) => string.Concat(Enumerable.Repeat("[", depth)) + string.Concat(Enumerable.Repeat("]", depth));

    static bool Original(JsonNode? payload, string body)
    {
        if (payload is JsonValue text && text.TryGetValue<string>(out var base64))
            return Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(body)) == base64;
        return JsonNode.DeepEquals(payload, JsonNode.Parse(body));
    }
}
