using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics.Pages;

/// <summary>What was asked for, or in plain words why it is not there.</summary>
public sealed record Answer<T>(T? Value, string? Fault = null) where T : class;

/// <summary>Asks a service, whose every way not to answer becomes words.</summary>
public static class Answers
{
    public const string NoSidecar = $"The sidecar of {AppIds.Analytics}, by which this page speaks to the services, does not answer.";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static async Task<Answer<T>> Ask<T>(this HttpClient service, string appId, HttpMethod method, string path, object? body = null, CancellationToken ct = default) where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: Json.Options) };
            using var answer = await service.SendAsync(request, limit.Token);
            return answer.IsSuccessStatusCode
                ? new(await answer.Content.ReadFromJsonAsync<T>(Json.Options, limit.Token))
                : new(null, Explain(appId, await answer.Content.ReadAsStringAsync(limit.Token)));
        }
        catch (HttpRequestException)
        {
            return new(null, NoSidecar);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(null, $"{appId} does not answer in time.");
        }
    }

    /// <summary>Problem details say it themselves; what else comes is the sidecar's word that it reaches nobody.</summary>
    static string Explain(string appId, string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return Json.Text(json.RootElement, "detail") ?? $"{appId} does not answer right now.";
        }
        catch (JsonException)
        {
            return $"{appId} does not answer right now.";
        }
    }
}
