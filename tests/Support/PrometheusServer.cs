using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ecom.Tests.Support;

/// <summary>A Prometheus of one's own with the shop's rules, which reads once a second.</summary>
public sealed partial class PrometheusServer : IAsyncDisposable
{
    readonly TempFolder folder = new("prometheus");
    readonly HttpClient http;
    readonly int port = Ports.Free();
    ChildProcess? server;

    PrometheusServer() => http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/"), Timeout = TimeSpan.FromSeconds(10) };

    /// <param name="places">Where each target of compose is here, such as <c>cart-service:8080</c>; the others are not there.</param>
    public static async Task<PrometheusServer> Start(IReadOnlyDictionary<string, int> places)
    {
        var prometheus = new PrometheusServer();
        try
        {
            await prometheus.Run(places);
            return prometheus;
        }
        catch
        {
            await prometheus.DisposeAsync();
            throw;
        }
    }

    /// <summary>The series that answer.</summary>
    public async Task<IReadOnlyList<JsonNode>> Ask(string expression)
    {
        var answer = await http.GetAsync($"query?query={Uri.EscapeDataString(expression)}");
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (string?)body["status"] == "success" ? [.. body["data"]!["result"]!.AsArray().Select(series => series!)] : throw new InvalidOperationException($"{expression}: {body["error"]}");
    }

    /// <summary>The alerts that fire, each with what it is about.</summary>
    public async Task<IReadOnlyList<string>> Firing() =>
        [.. (await Ask("ALERTS{alertstate=\"firing\"}")).Select(alert => string.Join(' ', ((string[])["alertname", "app", "queue", "topic"]).Select(label => (string?)alert["metric"]![label]).OfType<string>()))];

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    async Task Run(IReadOnlyDictionary<string, int> places)
    {
        var file = Interval().Replace(File.ReadAllText(Boards.PrometheusFile), "${1}1s");
        // What DNS finds in compose is not here.
        file = file[..file.IndexOf("  # By DNS", StringComparison.Ordinal)];
        file = Target().Replace(file, line => places.TryGetValue(line.Groups[1].Value, out var here) ? line.Value.Replace(line.Groups[1].Value, $"127.0.0.1:{here}") : "      # not here\n");
        file = JobWithoutTargets().Replace(file, "");
        File.Copy(Boards.AlertsFile, folder.File("alerts.yml"));
        server = ChildProcess.Start("prometheus", Runtimes.OnPath("prometheus")!,
            ["--config.file", folder.Write("prometheus.yml", file), "--storage.tsdb.path", folder.File("data"), "--web.listen-address", $"127.0.0.1:{port}", "--log.level", "warn"]);
        await server.WaitUntil(async () => (await Ask("up")).Count == places.Count, TimeSpan.FromSeconds(30));
    }

    [GeneratedRegex(@"(_interval: )\d+s")]
    private static partial Regex Interval();

    [GeneratedRegex(@"      - \{ targets: \[""([^""]+)""\].*\n")]
    private static partial Regex Target();

    [GeneratedRegex(@"  - job_name: \w+\n    static_configs:\n(?:      # not here\n)+(?=  -|\z)")]
    private static partial Regex JobWithoutTargets();
}
