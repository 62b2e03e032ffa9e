using Ecom.Sidecar;

namespace Ecom.Tool;

/// <summary>A sidecar's public HTTP API, with its token: what the embedded host has left in its folder, or of the environment.</summary>
static class SidecarApi
{
    public static HttpClient Of(Addresses addresses, string appId)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = addresses.Sidecar(appId), Timeout = TimeSpan.FromSeconds(5) };
        if (addresses.Secret("DAPR_API_TOKEN", TokenFile.Name) is { } token)
            http.DefaultRequestHeaders.Add("dapr-api-token", token);
        return http;
    }
}
