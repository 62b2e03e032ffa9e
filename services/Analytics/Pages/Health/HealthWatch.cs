using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapr.Client;
using Ecom.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics.Pages;

/// <summary>What a service says of one of its parts; <see cref="IsWell"/> unless it says why not.</summary>
public sealed record PartHealth(string Name, string State)
{
    public bool IsWell => State == "up";
}

/// <param name="Lag">The age of the oldest row that waits.</param>
public sealed record QueueHealth(string Name, TimeSpan Lag, int Parked);

/// <param name="Fault">Why nothing is known of it.</param>
public sealed record ServiceHealth(string AppId, IReadOnlyList<PartHealth> Parts, IReadOnlyList<QueueHealth> Queues, string? Fault = null)
{
    public bool IsReady => Fault is null && Parts.All(part => part.IsWell);
}

/// <summary>A topic in the newest minute that was counted.</summary>
/// <param name="Lag">How long its newest event was on its way to the journal; null: it is not among the last that came.</param>
public sealed record TopicHealth(string Topic, string Status, long Events, DateTimeOffset WindowStart, DateTimeOffset AsOf, TimeSpan? Lag);

/// <param name="TopicsFault">Why the topics are not known.</param>
public sealed record ShopHealth(IReadOnlyList<ServiceHealth> Services, IReadOnlyList<TopicHealth> Topics, DateTimeOffset At, string? TopicsFault = null)
{
    /// <summary>Nobody answered: it is rather the page that reaches nobody.</summary>
    public bool IsCutOff => Services.All(service => service.Fault == Answers.NoSidecar);
}

/// <summary>Asks each service how it is, through the sidecars, and its own tables how the topics flow.</summary>
public sealed partial class HealthWatch(DaprClient dapr, IServiceScopeFactory scopes, TimeProvider clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    const int LastEvents = 500;
    static readonly string[] Apps = [AppIds.Cart, AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification, AppIds.Analytics];
    readonly (string AppId, HttpClient Http)[] services = [.. Apps.Select(app => (app, dapr.CreateInvokableHttpClient(app)))];

    public async Task<ShopHealth> Look(CancellationToken ct)
    {
        var asked = Task.WhenAll(services.Select(service => Ask(service.AppId, service.Http, ct)));
        var (topics, fault) = await Topics(ct);
        return new(await asked, topics, clock.GetUtcNow(), fault);
    }

    static async Task<ServiceHealth> Ask(string appId, HttpClient http, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            var metrics = http.GetStringAsync("metrics", limit.Token);
            using var answer = await http.GetAsync("health/ready", limit.Token);
            using var ready = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(limit.Token));
            var queues = Queues(await metrics);
            return ready.RootElement.TryGetProperty("checks", out var checks)
                ? new(appId, [.. checks.EnumerateObject().Select(check => new PartHealth(check.Name, check.Value.GetString() ?? "down"))], queues)
                : new(appId, [], [], Away(appId));
        }
        catch (HttpRequestException e)
        {
            return new(appId, [], [], e.StatusCode is null ? Answers.NoSidecar : Away(appId));
        }
        catch (Exception e) when (e is OperationCanceledException or JsonException && !ct.IsCancellationRequested)
        {
            return new(appId, [], [], Away(appId));
        }
    }

    static string Away(string appId) => $"{appId}, or its sidecar, does not answer. Events wait for it; nothing is lost.";

    /// <summary>As <c>/metrics</c> shows them; while another replica leads a queue, that one tells.</summary>
    static QueueHealth[] Queues(string metrics)
    {
        var figures = Figure().Matches(metrics).Select(found => (Kind: found.Groups[1].Value, Queue: found.Groups[2].Value, Value: double.Parse(found.Groups[3].Value, CultureInfo.InvariantCulture))).ToLookup(figure => (figure.Kind, figure.Queue), figure => figure.Value);
        return [.. figures.Where(figure => figure.Key.Kind == "lag_seconds").Select(figure => new QueueHealth(figure.Key.Queue, TimeSpan.FromSeconds(figure.Max()), (int)figures[("parked", figure.Key.Queue)].DefaultIfEmpty().Max()))];
    }

    async Task<(IReadOnlyList<TopicHealth> Topics, string? Fault)> Topics(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            var db = scope.ServiceProvider.GetRequiredService<AnalyticsDb>();
            var last = (await db.Journal.AsNoTracking().OrderByDescending(e => e.Id).Take(LastEvents).Select(e => new { e.Topic, e.Time, e.ReceivedAt }).ToListAsync(ct))
                .DistinctBy(e => e.Topic).ToDictionary(e => e.Topic, e => e.ReceivedAt > e.Time ? e.ReceivedAt - e.Time : TimeSpan.Zero);
            return ([.. (await db.NewestOperations(ct)).Select(row => new TopicHealth(row.Topic, row.Status, (long)row.Value, row.WindowStart, row.AsOf, last.TryGetValue(row.Topic, out var lag) ? lag : null))], null);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or InvalidOperationException or TimeoutException)
        {
            return ([], "The database of analytics-service does not answer.");
        }
    }

    [GeneratedRegex("""(?m)^ecom_queue_(lag_seconds|parked)\{[^}]*queue="([^"]+)"[^}]*\} ([0-9.eE+-]+)""")]
    private static partial Regex Figure();
}
