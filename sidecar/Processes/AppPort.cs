using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>What listens on an app's port before its host has started anything there.</summary>
static class AppPort
{
    /// <summary>An app that lost its host stops in order, which takes its time, and on a busy machine more of it.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(8), LastWords = TimeSpan.FromSeconds(30), Look = TimeSpan.FromMilliseconds(100), Answer = TimeSpan.FromSeconds(1);

    enum Holder { App, Stranger, Silent }

    /// <summary>An app that is on its way out is waited for. One that stays is taken for the app: somebody debugs it. Anything else is refused, and named.</summary>
    public static async Task Claim(AppSpec app, CancellationToken cancel)
    {
        var (began, wasApp) = (Stopwatch.GetTimestamp(), false);
        while (!Ports.IsFree(app.AppPort))
        {
            var holder = await Ask(app, cancel);
            wasApp |= holder == Holder.App;
            var over = Stopwatch.GetElapsedTime(began) > (wasApp && holder == Holder.Silent ? LastWords : Patience);
            if (over && holder == Holder.App) return;
            if (over || holder == Holder.Stranger)
                throw new SetupException($"the port {app.AppPort} of {app.AppId} is taken{PortHolder.By(app.AppPort)}, which is not {app.AppId}; stop that program or change the port");
            await Task.Delay(Look, cancel);
        }
    }

    /// <summary>The health of a service names it.</summary>
    static async Task<Holder> Ask(AppSpec app, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Answer };
        try
        {
            var health = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{app.AppPort}/health", cancel);
            return health.ValueKind == JsonValueKind.Object && health.TryGetProperty("service", out var service) && service.ValueKind == JsonValueKind.String && service.GetString() == app.AppId
                ? Holder.App : Holder.Stranger;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or HttpRequestException { StatusCode: not null } or HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse })
        {
            return Holder.Stranger;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return Holder.Silent;
        }
    }
}
