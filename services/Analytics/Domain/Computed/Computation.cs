using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>What a computation needs of an event. <see cref="Time"/> is the envelope's, to the microsecond, as Spark and PostgreSQL keep it.</summary>
public sealed record Fact(string Topic, string Id, DateTimeOffset Time)
{
    public string? UserId { get; init; }
    public string? ProductId { get; init; }
    public string? OrderId { get; init; }
    public decimal Amount { get; init; }
    public IReadOnlyList<StockLine>? Lines { get; init; }

    /// <summary>A heartbeat's; null: the fact is none.</summary>
    public IReadOnlyList<TopicRhythm>? Rhythm { get; init; }

    public static Fact Of<T>(CloudEvent<T> e) where T : IEvent => new(T.Topic, e.Id, new(e.Time.UtcTicks - e.Time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero));
}

/// <summary>
/// One of the five questions, answered in memory while the events come, as its Spark job answers it: in event time, each event
/// once, late ones dropped. Rows are told again whenever they change. <see cref="Fold"/> says which facts must be kept, and
/// <see cref="Recall"/> builds a new computation from them, so that its memory may be lost at any moment.
/// </summary>
/// <param name="name">The Spark job's.</param>
/// <param name="topics">What it reads; the newest event of any of them moves its time on, and so does the heartbeat.</param>
public abstract class Computation(string name, params IReadOnlyList<string> topics)
{
    readonly Dictionary<string, DateTimeOffset> seen = new(StringComparer.Ordinal);
    readonly PriorityQueue<string, DateTimeOffset> repeatable = new();

    public string Name => name;

    /// <summary>The time of the newest event so far.</summary>
    public DateTimeOffset Newest { get; private set; } = DateTimeOffset.UnixEpoch + AnalyticsRules.Lateness;

    /// <summary>What is not newer than this is late. In whole milliseconds, as Spark's.</summary>
    public DateTimeOffset Watermark => new(Newest.Ticks - Newest.Ticks % TimeSpan.TicksPerMillisecond - AnalyticsRules.Lateness.Ticks, TimeSpan.Zero);

    /// <summary>Takes a batch. What is late goes by the batches before.</summary>
    public Folded Fold(IEnumerable<Fact> batch)
    {
        var limit = Watermark;
        var late = 0;
        List<Fact> counted = [];
        foreach (var fact in batch)
        {
            if (fact.Topic != Topics.Heartbeat && !topics.Contains(fact.Topic))
                continue;
            Newest = fact.Time > Newest ? fact.Time : Newest;
            if (fact.Time <= limit)
                late++;
            else if (Counts(fact) && !(DropsCopies && IsCopy(fact, limit)))
            {
                counted.Add(Needed(fact));
                Remember(counted[^1]);
                Count(counted[^1]);
            }
        }
        List<AnalyticsRow> rows = [.. Changed()];
        Forget();
        rows.AddRange(Changed());
        return new(counted, rows, late);
    }

    /// <summary>Takes up what an earlier life of this computation had to keep, and had told.</summary>
    public void Recall(DateTimeOffset newest, IEnumerable<Fact> kept)
    {
        Newest = newest > Newest ? newest : Newest;
        foreach (var fact in kept)
        {
            Remember(fact);
            // Some are kept for their copies' sake alone.
            if (Matters(fact) > Watermark)
                Count(fact);
        }
        Forget();
        _ = Changed().Count();
    }

    /// <summary>Until when a fact, or that it was seen, may change an answer.</summary>
    public DateTimeOffset Until(Fact fact)
    {
        var (repeated, matters) = (fact.Time + AnalyticsRules.Lateness, Matters(fact));
        return matters > repeated ? matters : repeated;
    }

    /// <summary>Until when the fact has a part in an answer that may still change.</summary>
    protected abstract DateTimeOffset Matters(Fact fact);

    /// <summary>Whether it is more than the time that goes on.</summary>
    protected virtual bool Counts(Fact fact) => fact.Topic != Topics.Heartbeat;

    /// <summary>Whether a second fact of the same id is dropped: not where one told twice makes the same row again and nothing else.</summary>
    protected virtual bool DropsCopies => true;

    protected abstract void Count(Fact fact);

    /// <summary>Time has passed: what has a part in no answer that may still change goes.</summary>
    protected abstract void Drop(DateTimeOffset passed);

    /// <summary>The rows that changed since the last call.</summary>
    protected abstract IEnumerable<AnalyticsRow> Changed();

    /// <summary>The part of a fact that this computation asks for.</summary>
    protected virtual Fact Needed(Fact fact) => fact;

    protected static DateTimeOffset Floor(DateTimeOffset time, TimeSpan window) => new(time.Ticks - time.Ticks % window.Ticks, TimeSpan.Zero);

    /// <summary>Takes from a queue what time has passed.</summary>
    protected static IEnumerable<T> Passed<T>(PriorityQueue<T, DateTimeOffset> queue, DateTimeOffset passed)
    {
        while (queue.TryPeek(out var next, out var until) && until <= passed)
        {
            queue.Dequeue();
            yield return next;
        }
    }

    bool IsCopy(Fact fact, DateTimeOffset limit) => seen.TryGetValue(fact.Id, out var time) && time + AnalyticsRules.Lateness > limit;

    void Remember(Fact fact)
    {
        if (!DropsCopies)
            return;
        seen[fact.Id] = fact.Time;
        repeatable.Enqueue(fact.Id, fact.Time + AnalyticsRules.Lateness);
    }

    void Forget()
    {
        foreach (var id in Passed(repeatable, Watermark))
            if (seen.TryGetValue(id, out var time) && time + AnalyticsRules.Lateness <= Watermark)
                seen.Remove(id);
        Drop(Watermark);
    }
}

/// <summary>What a batch came to.</summary>
/// <param name="Counted">The facts that counted, to be kept <see cref="Computation.Until"/> they matter no more.</param>
/// <param name="Rows">The rows that changed, and those that became final.</param>
/// <param name="Late">How many events came too late.</param>
public sealed record Folded(IReadOnlyList<Fact> Counted, IReadOnlyList<AnalyticsRow> Rows, int Late);

/// <summary>A sum over a window: how much it has counted, and the newest of it.</summary>
public class Sum
{
    public long Counted { get; private set; }
    public DateTimeOffset Newest { get; private set; }

    public void Count(Fact fact, int times = 1) => (Counted, Newest) = (Counted + times, fact.Time > Newest ? fact.Time : Newest);
}

/// <summary>A computation whose rows are sums over windows that lie side by side.</summary>
/// <typeparam name="TKey">What sums are told apart by: the window's start, and what else.</typeparam>
/// <typeparam name="TSum">A sum as it grows.</typeparam>
public abstract class WindowedComputation<TKey, TSum>(string name, TimeSpan window, params IReadOnlyList<string> topics) : Computation(name, topics)
    where TKey : notnull where TSum : Sum, new()
{
    readonly Dictionary<TKey, TSum> sums = [];
    readonly PriorityQueue<TKey, DateTimeOffset> ends = new();
    readonly HashSet<TKey> changed = [];

    protected abstract IEnumerable<TKey> Keys(Fact fact, DateTimeOffset windowStart);

    protected abstract void Add(TKey key, TSum sum, Fact fact);

    protected abstract AnalyticsRow Row(TKey key, TSum sum);

    protected sealed override DateTimeOffset Matters(Fact fact) => Floor(fact.Time, window) + window;

    protected sealed override void Count(Fact fact)
    {
        foreach (var key in Keys(fact, Floor(fact.Time, window)))
        {
            if (!sums.TryGetValue(key, out var sum))
            {
                sums[key] = sum = new();
                ends.Enqueue(key, Matters(fact));
            }
            Add(key, sum, fact);
            changed.Add(key);
        }
    }

    protected sealed override void Drop(DateTimeOffset passed)
    {
        foreach (var key in Passed(ends, passed))
            sums.Remove(key);
    }

    protected sealed override IEnumerable<AnalyticsRow> Changed()
    {
        List<AnalyticsRow> rows = [.. changed.Select(key => Row(key, sums[key]))];
        changed.Clear();
        return rows;
    }
}
