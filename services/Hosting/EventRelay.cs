using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Ecom.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>
/// Takes the outbox to the broker: in the order of the rows, in bulk, one call a topic with the aggregate's id as record key, at least once.
/// A message that is refused while others get through is to blame: it is tried ten times (<c>OUTBOX_MOST_ATTEMPTS</c>), ever later, and then parked. While nothing gets
/// through nobody is to blame, and all wait.
/// </summary>
public sealed class EventRelay<TDb>(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient sidecar, QueueServices<TDb> services, IConfiguration settings, Metrics metrics)
    : RowQueue<TDb>("outbox", "outbox_events", services) where TDb : ServiceDb
{
    const int MostRows = 200, MostBytes = 1_000_000;
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <summary>How long a call that is under way at the service's end may still take: cut off, its messages would go out again.</summary>
    static readonly TimeSpan AtTheEnd = TimeSpan.FromSeconds(2);
    readonly Counter<long> takenRows = metrics.Meter.CreateCounter<long>("ecom_queue_sent", description: "Rows of a queue that their receiver took");
    readonly Counter<long> refusedRows = metrics.Meter.CreateCounter<long>("ecom_queue_refused", description: "Rows of a queue that their receiver refused, each time");

    readonly int mostAttempts = settings.Int("OUTBOX_MOST_ATTEMPTS", 10, 1, 20);

    /// <summary>Sent and not yet deleted: the next look at the table deletes them on its way.</summary>
    readonly List<long> sent = [];

    protected override async Task<int> SendDue(CancellationToken ct)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        var batch = await Next(db, ct);
        if (batch.Count == 0)
            return 0;
        var answer = await Send(batch, db.AppId, ct);
        var isNew = batch.Exists(m => m.RetryAt is null);
        // Alone with its like, a message looks as if nothing got through: a neighbour tells.
        if (isNew && answer is { Away: null, Taken.Count: 0 } && await Neighbour(db, batch, ct) is { } neighbour)
            await Send([neighbour], db.AppId, ct);
        if (sent.Count == 0 && (answer.Away ?? (isNew ? answer.Refused[0].Reason : null)) is { } away)
            throw new ReceiverAwayException(away);
        if (answer.Refused.Count > 0)
            await Postpone(db, answer.Refused, ct);
        // A batch that is full in neither way was all there was; the next commit rings.
        return answer.Taken.Count > 0 && batch.Count < MostRows && batch.Sum(m => m.Bytes) < MostBytes ? 0 : batch.Count;
    }

    /// <summary>What was sent last must not go out again at the next start.</summary>
    protected override async Task Finish(CancellationToken ct)
    {
        if (sent.Count == 0)
            return;
        await using var scope = Scopes.CreateAsyncScope();
        await Next(scope.ServiceProvider.GetRequiredService<TDb>(), ct);
    }

    public override async Task<QueueState> Look(TDb db, CancellationToken ct) => new(
        await db.Outbox.Where(m => m.ParkedAt == null && m.RetryAt == null).MinAsync(m => (DateTimeOffset?)m.CreatedAt, ct),
        await db.Outbox.CountAsync(m => m.ParkedAt != null, ct));

    KeyValuePair<string, object?> Tag => new("queue", Name);

    /// <summary>Deletes what was sent and reads the next rows, bounded in number and in bytes, in one round trip.</summary>
    async Task<List<OutboxEvent>> Next(TDb db, CancellationToken ct)
    {
        var table = db.Model.FindEntityType(typeof(OutboxEvent))!.GetSchemaQualifiedTableName();
        var isSqlite = db.Database.IsSqlite();
        List<object> values = [isSqlite ? Clock.GetUtcNow().UtcDateTime : Clock.GetUtcNow()];
        // The ids are one parameter, so that the text is always the same: a new one would be compiled anew, by EF and by the database.
        if (sent.Count > 0)
            values.Add(isSqlite ? JsonSerializer.Serialize(sent) : sent.ToArray());
        // Nobody waits until it is on the disk that they are sent: after a crash of the database they go out again.
        var delete = sent.Count == 0 ? "" : isSqlite ? $"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each({{1}}));"
            : $"DELETE FROM {table} USING (SELECT set_config('synchronous_commit', 'off', true)) AS at_once WHERE id = ANY({{1}});";
        using (sent.Count > 0 ? await db.WritersTurn(ct) : null)
        {
#pragma warning disable EF1002 // The table's name is the model's own.
            var rows = await db.Outbox.FromSqlRaw($$"""
                {{delete}}
                SELECT * FROM (SELECT *, SUM(bytes) OVER (ORDER BY id) - bytes AS before
                  FROM (SELECT * FROM {{table}} WHERE parked_at IS NULL AND (retry_at IS NULL OR retry_at <= {0}) ORDER BY id LIMIT {{MostRows}}) AS due) AS measured
                WHERE before < {{MostBytes}} ORDER BY id
                """, [.. values]).AsNoTracking().ToListAsync(ct);
#pragma warning restore EF1002
            sent.Clear();
            return rows;
        }
    }

    /// <summary>The smallest of the rows after the batch that stands in nobody's order.</summary>
    static async Task<OutboxEvent?> Neighbour(TDb db, List<OutboxEvent> batch, CancellationToken ct)
    {
        var (last, keys) = (batch[^1].Id, batch.Select(m => m.Key).ToHashSet());
        var after = await db.Outbox.Where(m => m.Id > last && m.ParkedAt == null && m.RetryAt == null).OrderBy(m => m.Id).Take(MostRows)
            .Select(m => new { m.Id, m.Key, m.Bytes }).ToListAsync(ct);
        return after.DistinctBy(m => m.Key).Where(m => !keys.Contains(m.Key)).MinBy(m => m.Bytes) is { Id: var id }
            ? await db.Outbox.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, ct)
            : null;
    }

    /// <summary>Publishes side by side what goes to different topics, and keeps account.</summary>
    async Task<Answer> Send(List<OutboxEvent> messages, string appId, CancellationToken ct)
    {
        using var end = new CancellationTokenSource();
        await using var stopping = ct.Register(() => end.CancelAfter(AtTheEnd));
        var answers = await Task.WhenAll(messages.GroupBy(m => m.Topic).Select(topic => Publish([.. topic], end.Token)));
        CrashPoint.Reach($"{appId}.relayed");
        var all = new Answer([.. answers.SelectMany(a => a.Taken)], [.. answers.SelectMany(a => a.Refused)], answers.FirstOrDefault(a => a.Away is not null).Away);
        sent.AddRange(all.Taken);
        if (all.Taken.Count > 0)
            GotThrough();
        takenRows.Add(all.Taken.Count, Tag);
        refusedRows.Add(all.Refused.Count, Tag);
        return all;
    }

    async Task Postpone(TDb db, IReadOnlyList<(OutboxEvent Message, string Reason)> refused, CancellationToken ct)
    {
        using (await db.WritersTurn(ct))
            foreach (var (message, reason) in refused)
            {
                var attempts = message.Attempts + (HasGotThroughSince(LastTry(message.RetryAt, message.Attempts) ?? message.CreatedAt) ? 1 : 0);
                DateTimeOffset now = Clock.GetUtcNow(), retryAt = now + Wait(attempts);
                DateTimeOffset? parkedAt = attempts >= mostAttempts ? now : null;
                await db.Outbox.Where(m => m.Id == message.Id).ExecuteUpdateAsync(set => set
                    .SetProperty(m => m.Attempts, attempts).SetProperty(m => m.RetryAt, retryAt).SetProperty(m => m.ParkedAt, parkedAt).SetProperty(m => m.Error, reason), ct);
                Log.LogWarning("{Topic} {EventId} was refused {Attempts} times{Parked}: {Reason}", message.Topic, message.EventId, attempts, parkedAt is null ? "" : " and is parked", reason);
            }
    }

    /// <summary>A call that fails as a whole is halved down to the message that makes it fail; the others get through.</summary>
    async Task<Answer> Publish(OutboxEvent[] messages, CancellationToken ct)
    {
        var request = new BulkPublishRequest { PubsubName = Components.PubSub, Topic = messages[0].Topic };
        request.Entries.AddRange(messages.Select((message, i) => new BulkPublishRequestEntry
        {
            EntryId = i.ToString(CultureInfo.InvariantCulture),
            Event = ByteString.CopyFromUtf8(message.Payload),
            ContentType = CloudEvent<object>.ContentType,
            Metadata = { ["partitionKey"] = message.Key },
        }));
        try
        {
            var answer = await sidecar.BulkPublishEventAsync(request, deadline: DateTime.UtcNow + Deadline, cancellationToken: ct);
            var failed = answer.FailedEntries.Select(f => (Message: messages[int.Parse(f.EntryId, CultureInfo.InvariantCulture)], f.Error)).ToList();
            return new([.. messages.Except(failed.Select(f => f.Message)).Select(m => m.Id)], failed, null);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled)
        {
            return new([], [], e.Status.Detail);
        }
        catch (RpcException e) when (messages.Length == 1)
        {
            return new([], [(messages[0], e.Status.Detail)], null);
        }
        catch (RpcException)
        {
            var half = messages.Length / 2;
            var first = await Publish(messages[..half], ct);
            if (first.Away is not null)
                // The other half must not overtake this one.
                return first;
            var second = await Publish(messages[half..], ct);
            return new([.. first.Taken, .. second.Taken], [.. first.Refused, .. second.Refused], second.Away);
        }
    }

    readonly record struct Answer(IReadOnlyList<long> Taken, IReadOnlyList<(OutboxEvent Message, string Reason)> Refused, string? Away);
}
