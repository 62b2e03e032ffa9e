namespace Ecom.Tool;

/// <summary>A sidecar's public HTTP API, with its token where one is set.</summary>
static class SidecarApi
{
    public static HttpClient Of(Uri sidecar)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = sidecar, Timeout = TimeSpan.FromSeconds(5) };
        if (Setting.Text("DAPR_API_TOKEN") is { } token)
            http.DefaultRequestHeaders.Add("dapr-api-token", token);
        return http;
    }
}
