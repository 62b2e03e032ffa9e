using System.Net.Http.Headers;
using System.Text;
using Ecom.Contracts;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Microsoft.Data.Sqlite;

namespace Ecom.Tool;

/// <summary>analytics-service alone on the embedded sidecar, in a folder of its own: how fast it computes, without a shop beside it.</summary>
sealed class EmbeddedAnalytics : IAsyncDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ecom-events-");
    readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
    EmbeddedHost? host;

    EmbeddedHost Host => host ?? throw new InvalidOperationException("Not started.");

    string Data => Path.Combine(folder.FullName, "data");

    public static async Task<EmbeddedAnalytics> Start(CancellationToken cancel)
    {
        var analytics = new EmbeddedAnalytics();
        try
        {
            analytics.host = await EmbeddedHost.Start(new()
            {
                Run = new RunFile([.. RunFile.Load(Path.Combine(Repository.Root, "dapr.yaml")).Apps.Where(app => app.AppId == AppIds.Analytics)]),
                ResourcesPath = analytics.Resources(),
                DataFolder = analytics.Data,
                AppEnvironment = Shop.EmbeddedEnvironment(analytics.Data),
                FreePorts = true,
            }, cancel);
            await analytics.Host.WaitUntilReady(cancel);
            analytics.http.DefaultRequestHeaders.Add("dapr-api-token", analytics.Host.ApiToken);
            analytics.http.BaseAddress = new($"http://127.0.0.1:{analytics.Host.App(AppIds.Analytics).HttpPort}");
            return analytics;
        }
        catch
        {
            await analytics.DisposeAsync();
            throw;
        }
    }

    public double MemoryMb => Figures.MemoryMb(Host.ProcessIds.Append(Environment.ProcessId));

    public async Task Publish(IEnumerable<ShopEvent> events, CancellationToken cancel) =>
        await Task.WhenAll(events.GroupBy(e => e.Topic).Select(async topic =>
        {
            var entries = string.Join(',', topic.Select((e, i) =>
                $$"""{"entryId":"{{i}}","contentType":"application/cloudevents+json","metadata":{"partitionKey":"{{e.Key}}"},"event":{{Encoding.UTF8.GetString(e.Json)}}}"""));
            using var body = new StringContent($"[{entries}]", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            using var answer = await http.PostAsync($"/v1.0/publish/bulk/{Components.PubSub}/{topic.Key}", body, cancel);
            answer.EnsureSuccessStatusCode();
        }));

    /// <summary>How many events are in the rows of operations, which count each.</summary>
    public int Counted()
    {
        using var db = new SqliteConnection($"Data Source={Path.Combine(Data, AppIds.Analytics)}.db;Mode=ReadOnly");
        db.Open();
        using var sum = db.CreateCommand();
        sum.CommandText = "SELECT coalesce(sum(value), 0) FROM operational_metrics WHERE metric_name = 'events_per_minute'";
        return Convert.ToInt32(sum.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (host is not null)
            await host.DisposeAsync();
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }

    /// <summary>The events are of another day: a heartbeat of today would make the rest of them late, and an alert is none of those that were given. So neither comes back here.</summary>
    string Resources()
    {
        var (from, to) = (Path.Combine(Repository.Root, "components", "embedded"), folder.CreateSubdirectory("resources").FullName);
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        var pubsub = Path.Combine(to, "pubsub.yaml");
        File.WriteAllText(pubsub, File.ReadAllText(pubsub).Replace("  metadata:\n    #", $"  metadata:\n    - name: protectedTopics\n      value: {Topics.FraudDetected},{Topics.Heartbeat}\n    - name: publishingScopes\n      value: {AppIds.Analytics}={string.Join(',', Topics.All)}\n    #", StringComparison.Ordinal));
        return to;
    }
}
