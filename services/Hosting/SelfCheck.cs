namespace Ecom.Hosting;

/// <summary>
/// <c>--check</c>: asks the service that runs on this machine, and its sidecar, whether they are ready; the health check of a container that has
/// no shell. Exit code 1 with one line when one is not.
/// </summary>
public static class SelfCheck
{
    public const string Argument = "--check";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static async Task<int> Run()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        // The sidecar delivers events only after it has found its app: that is its full health, not the one the service asks for.
        var missing = await Ask(http, "service", Port("APP_PORT", "8080"), "/health/ready") ?? await Ask(http, "sidecar", Port("DAPR_HTTP_PORT", "3500"), "/v1.0/healthz");
        if (missing is not null)
            await Console.Error.WriteLineAsync(missing);
        return missing is null ? 0 : 1;
    }

    /// <returns>What is wrong; null when nothing is.</returns>
    static async Task<string?> Ask(HttpClient http, string who, string port, string path)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"));
            return answer.IsSuccessStatusCode ? null : $"the {who} answers {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}";
        }
        catch (Exception away) when (away is HttpRequestException or OperationCanceledException or UriFormatException)
        {
            return $"the {who} on port {port} does not answer: {away.Message}";
        }
    }

    static string Port(string name, string fallback) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } port ? port : fallback;
}
