using System.Runtime.CompilerServices;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>What a commit changed.</summary>
/// <param name="Tables">Of <see cref="JournalNews.Tables"/>.</param>
/// <param name="Orders">The orders of which the journal heard; null: nobody knows which, it may be any.</param>
public sealed record JournalChange(IReadOnlySet<string> Tables, IReadOnlySet<string>? Orders);

/// <summary>
/// Wakes who shows what is known of the shop, after the commit that changed it: this process's own, or, as the tables' triggers tell, another replica's.
/// Who is slow hears of several changes as one.
/// </summary>
public sealed class JournalNews(Bells bells, IHostApplicationLifetime life) : BackgroundService
{
    public const string Journal = "journal", Orders = "orders", Letters = "dead_letters", Revenue = "revenue", Fraud = "fraud", Abandonment = "abandonment", Velocity = "velocity", Operations = "operations";

    public static IReadOnlyList<string> Tables { get; } = [Journal, Orders, Letters, Revenue, Fraud, Abandonment, Velocity, Operations];

    /// <summary>More orders than this are any.</summary>
    const int MostOrders = 500;

    readonly Lock gate = new();
    readonly List<Listener> listeners = [];

    /// <summary>Each change from now on, several as one where they come faster than they are taken. Ends when the service does.</summary>
    public async IAsyncEnumerable<JournalChange> Follow([EnumeratorCancellation] CancellationToken ct = default)
    {
        using var listener = Listen();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, life.ApplicationStopping);
        while (true)
        {
            JournalChange? change;
            try
            {
                change = await listener.Next(Timeout.InfiniteTimeSpan, end.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                yield break;
            }
            if (change is not null)
                yield return change;
        }
    }

    public Listener Listen()
    {
        var listener = new Listener(this);
        lock (gate)
            listeners.Add(listener);
        return listener;
    }

    /// <returns>Null: so many listen already.</returns>
    public Listener? TryListen(int most)
    {
        lock (gate)
            return listeners.Count < most ? Listen() : null;
    }

    /// <param name="orders">Null: it may be any.</param>
    public void Tell(IEnumerable<string> tables, IEnumerable<string>? orders)
    {
        lock (gate)
            foreach (var listener in listeners)
                listener.Add(tables, orders);
    }

    /// <summary>What <see cref="AnalyticsDb.Keep"/> has kept.</summary>
    public void Tell(IReadOnlyCollection<Journaled> entries, IReadOnlyCollection<AnalyticsRow> rows)
    {
        List<string> tables = [.. rows.Select(row => row.GetType()).Distinct().Select(NameOf)];
        if (entries.Count > 0)
            tables.Add(Journal);
        if (entries.Any(e => e.Order is not null))
            tables.Add(Orders);
        if (tables.Count > 0)
            Tell(tables, entries.Select(e => e.Entry.OrderId).OfType<string>().Distinct());
    }

    static string NameOf(Type row) => row.Name switch
    {
        nameof(RevenueWindow) => Revenue,
        nameof(FraudAlert) => Fraud,
        nameof(AbandonedItem) => Abandonment,
        nameof(ProductVelocity) => Velocity,
        _ => Operations,
    };

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(AnalyticsDb.NamesOfNews.Select(async table =>
        {
            var bell = bells.Of(table.Key);
            while (await bell.Wait(Timeout.InfiniteTimeSpan, stoppingToken))
                Tell([table.Value], null);
        }));

    public sealed class Listener : IDisposable
    {
        readonly JournalNews news;
        readonly SemaphoreSlim rung = new(0, 1);
        HashSet<string> tables = [];
        HashSet<string>? orders = [];

        internal Listener(JournalNews news) => this.news = news;

        /// <returns>What has changed since the last call; null: nothing for as long as <paramref name="patience"/>.</returns>
        public async Task<JournalChange?> Next(TimeSpan patience, CancellationToken ct)
        {
            if (!await rung.WaitAsync(patience, ct))
                return null;
            lock (news.gate)
            {
                // It may have been taken with the change before.
                if (tables.Count == 0)
                    return null;
                var change = new JournalChange(tables, orders);
                (tables, orders) = ([], []);
                return change;
            }
        }

        /// <summary>Under the gate.</summary>
        internal void Add(IEnumerable<string> changed, IEnumerable<string>? about)
        {
            tables.UnionWith(changed);
            if (about is null)
                orders = null;
            else
                orders?.UnionWith(about);
            if (orders?.Count > MostOrders)
                orders = null;
            if (rung.CurrentCount == 0)
                rung.Release();
        }

        public void Dispose()
        {
            // The semaphore is left to the collector: nobody waits on a handle of it.
            lock (news.gate)
                news.listeners.Remove(this);
        }
    }
}
