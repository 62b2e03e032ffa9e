using System.Collections.Concurrent;
using Npgsql;

namespace Ecom.Hosting;

/// <summary>
/// A replica's own line to PostgreSQL, outside the pool. It holds an advisory lock for each queue that this replica sends (one replica
/// leads a queue, the others stand by), and hears by LISTEN of the rows that other replicas commit. Losing the line is losing the lead.
/// Without PostgreSQL there is one replica only, and it leads everything.
/// </summary>
public sealed class PostgresLine(PostgresLine.Options options, Bells bells, TimeProvider clock, ILogger<PostgresLine> log) : BackgroundService
{
    /// <param name="Connection">Null: the service has no PostgreSQL.</param>
    /// <param name="Schema">The service's schema, which is also the channel that its tables' triggers notify.</param>
    /// <param name="Replica">This process's <c>application_name</c>: its own commits are heard without PostgreSQL.</param>
    public sealed record Options(string? Connection, string Schema, string Replica)
    {
        /// <summary>A line that is dead without a word is given up by this end within six seconds, and then by PostgreSQL, which sets its locks free.</summary>
        public static Options Of(NpgsqlConnectionStringBuilder? pool, string schema) => pool is null
            ? new(null, schema, "")
            : new(new NpgsqlConnectionStringBuilder(pool.ConnectionString)
            {
                Pooling = false,
                CommandTimeout = 5,
                // Not by TCP's keep-alives: a router or proxy between the two answers those itself.
                Options = $"{pool.Options} -c idle_session_timeout=7s",
            }.ConnectionString, schema, pool.ApplicationName!);
    }

    /// <summary>How soon a lead that was lost elsewhere is taken here, and how often PostgreSQL hears that this end lives.</summary>
    static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    /// <summary>How long PostgreSQL may take for an answer. With <see cref="AskAgain"/> less than it waits for a question.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>How long a replica that could not deliver, or has lost its line, leaves the lead to the others.</summary>
    static readonly TimeSpan Rest = TimeSpan.FromSeconds(4);

    readonly ConcurrentDictionary<string, Lead> leads = new();
    CancellationTokenSource wake = new();

    /// <summary>The table and key of a row that another replica has changed, where the table's trigger tells the key.</summary>
    public event Action<string, string>? Heard;

    public bool Leads(string queue) => options.Connection is null || leads.TryGetValue(queue, out var lead) && lead.IsHeld;

    /// <summary>Stands by until this replica leads the queue.</summary>
    public async Task UntilLeading(string queue, CancellationToken ct)
    {
        if (options.Connection is null)
            return;
        var lead = leads.GetOrAdd(queue, _ => new Lead());
        wake.Cancel();
        while (!lead.IsHeld)
            await lead.Taken.WaitAsync(ct);
    }

    /// <summary>Gives up the lead: this replica cannot deliver, perhaps another can.</summary>
    public void Resign(string queue)
    {
        if (options.Connection is null || !leads.TryGetValue(queue, out var lead))
            return;
        (lead.IsHeld, lead.RestsUntil) = (false, clock.GetUtcNow() + Rest);
        wake.Cancel();
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        var isLost = false;
        while (options.Connection is not null && !ct.IsCancellationRequested)
        {
            var line = new NpgsqlConnection(options.Connection);
            try
            {
                line.Notification += (_, news) => Hear(news.Payload);
                await line.OpenAsync(ct);
                await Run(line, $"LISTEN {options.Schema}", ct);
                isLost = false;
                bells.RingAll();
                await Hold(line, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                Lose();
                if (!isLost)
                    log.LogWarning("No line to PostgreSQL, this replica leads nothing: {Reason}", e.GetBaseException().Message);
                isLost = true;
                await Task.Delay(TimeSpan.FromSeconds(1), clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                // Nobody waits for it: on a dead line Npgsql first waits to be heard elsewhere, that its question be cancelled.
                _ = Task.Run(line.Dispose, CancellationToken.None);
            }
        }
        Lose();
    }

    async Task Hold(NpgsqlConnection line, CancellationToken ct)
    {
        while (true)
        {
            wake = new();
            await Run(line, "SELECT 1", ct);
            foreach (var (queue, lead) in leads)
                if (lead is { IsHeld: false, HasLock: true })
                {
                    await Run(line, $"SELECT pg_advisory_unlock({Key(queue)})", ct);
                    lead.HasLock = false;
                }
                else if (!lead.HasLock && lead.RestsUntil <= clock.GetUtcNow() && await Run(line, $"SELECT pg_try_advisory_lock({Key(queue)})", ct) is true)
                {
                    (lead.HasLock, lead.IsHeld) = (true, true);
                    lead.Taken.Release();
                    log.LogInformation("This replica leads {Queue}", queue);
                }
            using var listening = CancellationTokenSource.CreateLinkedTokenSource(ct, wake.Token);
            listening.CancelAfter(AskAgain);
            try
            {
                while (true)
                    await line.WaitAsync(listening.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // It is time to ask, or a queue has joined, or has given up its lead.
            }
        }
    }

    /// <summary>Own commits have rung already.</summary>
    void Hear(string payload)
    {
        if (payload.Split(' ', 3) is not [var table, var replica, var key] || replica == options.Replica)
            return;
        bells.Ring(table);
        if (key.Length > 0)
            Heard?.Invoke(table, key);
    }

    void Lose()
    {
        foreach (var lead in leads.Values)
            (lead.IsHeld, lead.HasLock, lead.RestsUntil) = (false, false, lead.IsHeld ? clock.GetUtcNow() + Rest : lead.RestsUntil);
    }

    string Key(string queue) => $"hashtext('{options.Schema}'), hashtext('{queue}')";

    static async Task<object?> Run(NpgsqlConnection line, string sql, CancellationToken ct)
    {
#pragma warning disable CA2100 // Names of the program's own.
        await using var command = new NpgsqlCommand(sql, line);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(CancellationToken.None).WaitAsync(Patience, ct);
    }

    sealed class Lead
    {
        public volatile bool IsHeld;
        public bool HasLock;
        public DateTimeOffset RestsUntil;
        public SemaphoreSlim Taken { get; } = new(0);
    }
}
