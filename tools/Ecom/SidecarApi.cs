using Ecom.Sidecar;

namespace Ecom.Tool;

/// <summary>A sidecar's public HTTP API, with its token: what the embedded host has left in its folder, or of the environment.</summary>
static class SidecarApi
{
    public static HttpClient Of(Addresses addresses, string appId)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = addresses.Sidecar(appId), Timeout = TimeSpan.FromSeconds(5) };
        var (given, made) = (Setting.Text("DAPR_API_TOKEN"), TokenFile.Read(addresses.DataFolder));
        if ((addresses.IsEmbedded ? made ?? given : given ?? made) is { } token)
            http.DefaultRequestHeaders.Add("dapr-api-token", token);
        return http;
    }
}
