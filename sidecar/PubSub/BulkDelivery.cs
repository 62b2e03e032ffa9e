using System.Buffers;
using System.Text.Json;

namespace Ecom.Sidecar.PubSub;

/// <summary>Several events in one call, for a subscription that asked for it.</summary>
static class BulkDelivery
{
    public static async Task<(int? Status, Answer[] Answers)> Send(AppChannel app, SubscriptionQueue queue, List<Message> messages, CancellationToken stop)
    {
        var sub = queue.Subscription;
        var answers = new Answer[messages.Count];
        var routes = new Dictionary<string, List<int>>();
        var bodies = new byte[messages.Count][];
        for (var i = 0; i < messages.Count; i++)
        {
            answers[i] = Answer.Drop;
            if (messages[i].Expires < DateTimeOffset.UtcNow || Delivery.Body(sub, queue.Topic, messages[i]) is not { } body || sub.RouteFor(body) is not { } route) continue;
            bodies[i] = body;
            if (!routes.TryGetValue(route, out var list)) routes[route] = list = [];
            list.Add(i);
        }
        int? status = null;
        foreach (var (route, indexes) in routes)
        {
            (var code, var answer) = await app.Post(route, Write(queue, messages, bodies, indexes), "application/json", [], stop);
            status = code;
            Judge(code, answer, messages, indexes, answers);
        }
        return (status, answers);
    }

    static byte[] Write(SubscriptionQueue queue, List<Message> messages, byte[][] bodies, List<int> indexes)
    {
        var buffer = new ArrayBufferWriter<byte>(indexes.Sum(i => bodies[i].Length + 200) + 200);
        using (var json = new Utf8JsonWriter(buffer, new() { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, Guid.NewGuid().ToString());
            json.WriteString("type"u8, "com.dapr.event.sent.bulk"u8);
            json.WriteString("topic"u8, queue.Topic.Name);
            json.WriteString("pubsubname"u8, queue.Topic.PubSub);
            json.WriteStartObject("metadata"u8);
            json.WriteString("pubsubName"u8, queue.Topic.PubSub);
            json.WriteEndObject();
            json.WriteStartArray("entries"u8);
            foreach (var i in indexes)
            {
                json.WriteStartObject();
                json.WriteString("entryId"u8, messages[i].Offset.ToString());
                // A raw subscription's records come in base64, whatever they are.
                if (queue.Subscription.RawPayload) json.WriteBase64String("event"u8, messages[i].Data);
                else
                {
                    json.WritePropertyName("event"u8);
                    json.WriteRawValue(bodies[i], skipInputValidation: true);
                }
                json.WriteString("contentType"u8, queue.Subscription.RawPayload ? "application/octet-stream"u8 : "application/cloudevents+json"u8);
                json.WriteStartObject("metadata"u8);
                foreach (var (name, value) in Delivery.Metadata(queue, messages[i])) json.WriteString(name, value);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void Judge(int status, byte[] body, List<Message> messages, List<int> indexes, Answer[] answers)
    {
        foreach (var i in indexes) answers[i] = status == 404 ? Answer.Drop : Answer.Again;
        if (status is < 200 or > 299) return;
        try
        {
            using var document = JsonDocument.Parse(body);
            if (!document.RootElement.TryGetProperty("statuses", out var statuses)) return;
            var words = statuses.EnumerateArray().ToDictionary(s => s.GetProperty("entryId").GetString()!, s => s.TryGetProperty("status", out var w) ? w.GetString() : null);
            foreach (var i in indexes)
                answers[i] = Delivery.ToAnswer(words.GetValueOrDefault(messages[i].Offset.ToString()), whenEmpty: Answer.Again);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            // An answer that cannot be read says nothing about any entry: all come again.
        }
    }
}
