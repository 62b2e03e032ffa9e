using System.Text.Json;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.PubSub;

enum Answer { Done, Again, Drop }

/// <summary>
/// Brings events to one app and acts on its answer as daprd does: SUCCESS, RETRY, DROP, 404,
/// anything else; tries again by the resiliency policy, then the dead-letter topic.
/// </summary>
sealed class Delivery(AppChannel app, Broker broker, Func<string, Policies> policies, Action<string> log)
{
    /// <summary>Where there is no dead-letter topic an event that cannot be delivered comes again after this, for ever, as from Kafka.</summary>
    static readonly TimeSpan Redelivery = TimeSpan.FromSeconds(5);

    public async Task Deliver(SubscriptionQueue queue, IReadOnlyList<Message> messages, CancellationToken stop)
    {
        var left = messages.ToList();
        var policy = policies(queue.Topic.PubSub);
        for (var attempt = 1; left.Count > 0;)
        {
            await app.WhenReady(stop);
            var sub = queue.Subscription;
            int? status;
            Answer[] answers;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
                if (policy.Timeout is { } timeout) limit.CancelAfter(timeout);
                (status, answers) = sub.BatchSize > 1 ? await BulkDelivery.Send(app, queue, left, limit.Token) : await SendOne(queue, left[0], limit.Token);
            }
            catch (Exception e) when (AppChannel.Refused(e))
            {
                app.Lost();
                continue;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !stop.IsCancellationRequested)
            {
                (status, answers) = (null, [.. left.Select(_ => Answer.Again)]);
            }
            foreach (var dropped in left.Where((_, i) => answers[i] == Answer.Drop)) await DeadLetter(queue, dropped, "was dropped", stop);
            left = [.. left.Where((_, i) => answers[i] == Answer.Again)];
            if (left.Count == 0) return;
            if (policy.Retry is { } retry && retry.Repeats(attempt, status))
            {
                await Task.Delay(retry.Delay(attempt++), stop);
                continue;
            }
            if (sub.DeadLetterTopic is not null)
            {
                foreach (var message in left) await DeadLetter(queue, message, $"failed {attempt} time(s), last with {(object?)status ?? "no answer"}", stop);
                return;
            }
            log($"{queue.Topic.Name} at {queue.Topic.PubSub}: the app refuses an event ({(object?)status ?? "no answer"}) and there is no dead-letter topic; it comes again in {Redelivery.TotalSeconds:0} s");
            attempt = 1;
            await Task.Delay(Redelivery, stop);
        }
    }

    async Task<(int? Status, Answer[] Answers)> SendOne(SubscriptionQueue queue, Message message, CancellationToken stop)
    {
        if (message.Expires < DateTimeOffset.UtcNow || Body(queue.Subscription, queue.Topic, message) is not { } body
            || queue.Subscription.RouteFor(body) is not { } route) return (null, [Answer.Drop]);
        var (status, answer) = await app.Post(route, body, "application/cloudevents+json", Headers(queue, message, body), stop);
        return (status, [Judge(status, answer)]);
    }

    /// <summary>The CloudEvent to deliver; null when the record is none and the subscription did not ask for raw bytes.</summary>
    public static byte[]? Body(Subscription sub, Topic topic, Message message)
    {
        if (!message.Raw) return message.Data;
        if (sub.RawPayload) return Envelope.WrapForeign(topic.PubSub, topic.Name, message.Data);
        return Envelope.IsJson(message.Data) && message.Data.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? message.Data : null;
    }

    static List<KeyValuePair<string, string>> Headers(SubscriptionQueue queue, Message message, byte[] body)
    {
        var headers = new List<KeyValuePair<string, string>>(10);
        headers.AddRange(Metadata(queue, message));
        if (TraceParent(body) is { } trace) headers.Add(new("traceparent", trace));
        return headers;
    }

    /// <summary>A dead letter carries the coordinates of its original, which win over its own.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Metadata(SubscriptionQueue queue, Message message) =>
        Coordinates(queue, message).Where(own => message.Headers?.ContainsKey(own.Key) != true).Concat(message.Headers ?? Enumerable.Empty<KeyValuePair<string, string>>());

    static IEnumerable<KeyValuePair<string, string>> Coordinates(SubscriptionQueue queue, Message message)
    {
        if (message.Key is not null) yield return new("__key", message.Key);
        yield return new("__topic", queue.Topic.Name);
        yield return new("__offset", message.Offset.ToString());
        yield return new("__timestamp", message.At.ToUnixTimeMilliseconds().ToString());
        yield return new("pubsubName", queue.Topic.PubSub);
    }

    static string? TraceParent(ReadOnlySpan<byte> cloudEvent)
    {
        var reader = new Utf8JsonReader(cloudEvent);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("traceparent"u8);
            reader.Read();
            if (found) return reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } trace ? trace : null;
            reader.Skip();
        }
        return null;
    }

    static Answer Judge(int status, byte[] body)
    {
        if (status == 404) return Answer.Drop;
        if (status is < 200 or > 299) return Answer.Again;
        if (body.Length == 0) return Answer.Done;
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("status", out var word)
                || word.ValueKind != JsonValueKind.String) return Answer.Done;
            return ToAnswer(word.GetString(), whenEmpty: Answer.Done);
        }
        catch (JsonException) { return Answer.Done; }
    }

    public static Answer ToAnswer(string? word, Answer whenEmpty) => word switch
    {
        null or "" => whenEmpty,
        "SUCCESS" => Answer.Done,
        "DROP" => Answer.Drop,
        _ => Answer.Again,
    };

    async Task DeadLetter(SubscriptionQueue queue, Message message, string why, CancellationToken stop)
    {
        if (queue.Subscription.DeadLetterTopic is not { } target)
        {
            log($"{queue.Topic.Name} at {queue.Topic.PubSub}: the event {message.Offset} {why}; there is no dead-letter topic");
            return;
        }
        log($"{queue.Topic.Name} at {queue.Topic.PubSub}: the event {message.Offset} {why}; it goes to {target}");
        var headers = Coordinates(queue, message).ToDictionary();
        foreach (var (name, value) in message.Headers ?? new Dictionary<string, string>()) headers[name] = value;
        headers.Remove("__key");
        await broker.Publish(await broker.Topic(queue.Topic.PubSub, target), message with { Headers = headers, Expires = null }).WaitAsync(stop);
    }
}
