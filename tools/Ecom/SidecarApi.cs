using Ecom.Sidecar;

namespace Ecom.Tool;

/// <summary>A sidecar's public HTTP API, with its token: of the environment, or what the embedded host made for itself.</summary>
static class SidecarApi
{
    public static HttpClient Of(Addresses addresses, string appId)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = addresses.Sidecar(appId), Timeout = TimeSpan.FromSeconds(5) };
        if ((Setting.Text("DAPR_API_TOKEN") ?? TokenFile.Read(addresses.DataFolder)) is { } token)
            http.DefaultRequestHeaders.Add("dapr-api-token", token);
        return http;
    }
}
