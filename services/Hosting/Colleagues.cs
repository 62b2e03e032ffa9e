using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Dapr.Client;

namespace Ecom.Hosting;

/// <summary>
/// The services of one shop, to each other: who calls on the shop's own behalf says so by a word that is made of the token which they and their
/// sidecars alone know (<c>APP_API_TOKEN</c>). That token itself a sidecar adds to the calls of any app, so that it proves nothing.
/// </summary>
public sealed class Colleagues(IConfiguration settings)
{
    readonly string? word = settings["APP_API_TOKEN"] is { Length: > 0 } token
        ? Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), "a service of the shop to another"u8)) : null;

    /// <summary>Asks another service, through the sidecar, for what is not for everyone.</summary>
    public HttpClient Client(DaprClient dapr, string appId)
    {
        var http = dapr.CreateInvokableHttpClient(appId);
        if (word is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", word);
        return http;
    }

    /// <summary>Whether a service says this.</summary>
    internal bool Are(string? given) => word is not null && Secrets.AreSame(word, given);
}
