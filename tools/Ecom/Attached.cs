using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Processes;

namespace Ecom.Tool;

/// <summary>A shop that somebody else started: nothing is ordered before every service is ready and its books can be read.</summary>
static class Attached
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Look = TimeSpan.FromMilliseconds(500), Answer = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromSeconds(10);

    public static async Task Ready(Addresses addresses, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Answer };
        var (began, said) = (Stopwatch.GetTimestamp(), -Silence);
        while (true)
        {
            var missing = string.Join("; ", (await Task.WhenAll(addresses.Apps.Select(app => Missing(http, app, cancel)))).OfType<string>());
            if (missing.Length == 0)
                return;
            var waited = Stopwatch.GetElapsedTime(began);
            if (waited > Patience)
                throw new ToolError($"not ready within {Patience.TotalSeconds:0} s: {missing}");
            if (waited - said > Silence)
            {
                Terminal.Line($"waiting for {missing}");
                said = waited;
            }
            await Task.Delay(Look, cancel);
        }
    }

    /// <summary>What the audit needs is found out before the first order, not after the last.</summary>
    public static async Task BooksCanBeRead(ServiceData data, CancellationToken cancel)
    {
        try
        {
            await Books.Read(data, cancel);
        }
        catch (ToolError lacking)
        {
            throw new ToolError($"{lacking.Message}; the audit reads what the services that run wrote: load their .env into this shell (set -a; . ./.env; set +a), or name the embedded shop's folder with --data");
        }
    }

    /// <returns>Who is missing, and why; null when it is ready.</returns>
    static async Task<string?> Missing(HttpClient http, AppSpec app, CancellationToken cancel)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://localhost:{app.AppPort}/health/ready"), cancel);
            var (service, detail) = Read(await response.Content.ReadAsStringAsync(cancel));
            return response.StatusCode switch
            {
                HttpStatusCode.OK when service == app.AppId => null,
                HttpStatusCode.ServiceUnavailable => $"{app.AppId} ({detail ?? "not ready"})",
                _ => $"{app.AppId} (the port {app.AppPort} is taken{PortHolder.By(app.AppPort)}, which is not {app.AppId})",
            };
        }
        catch (HttpRequestException away)
        {
            return $"{app.AppId} (port {app.AppPort}: {away.InnerException?.Message ?? away.Message})";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"{app.AppId} (port {app.AppPort}: no answer within {Answer.TotalSeconds:0} s)";
        }
    }

    static (string? Service, string? Detail) Read(string body)
    {
        try
        {
            using var answer = JsonDocument.Parse(body);
            return answer.RootElement.ValueKind == JsonValueKind.Object ? (Text("service"), Text("detail")) : default;

            string? Text(string name) => answer.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
