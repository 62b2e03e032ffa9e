using System.Net;
using Ecom.Sidecar.PubSub;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Ecom.Sidecar.Api;

/// <summary>Service invocation: the request goes to the other app as it is, and its answer comes back as it is.</summary>
static class InvokeHttp
{
    const string Prefix = "/v1.0/invoke/";
    const string Method = "/method";
    static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "dapr-app-id", "dapr-api-token",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Map(Prefix + "{app}" + Method + "/{**path}", http =>
        {
            // The path goes on byte for byte, so it is taken before anything decoded it.
            var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
            return Forward(http, http.Value("app"), target[(target.IndexOf(Method, Prefix.Length, StringComparison.Ordinal) + Method.Length)..]);
        });
        routes.MapFallback(http =>
        {
            if (http.Request.Headers["dapr-app-id"].ToString() is { Length: > 0 } app) return Forward(http, app, http.Features.Get<IHttpRequestFeature>()!.RawTarget);
            if (BasicUser(http) is { } user) return Forward(http, user, http.Features.Get<IHttpRequestFeature>()!.RawTarget);
            throw new ApiException(404, StatusCode.NotFound, "ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id");
        });
    }

    /// <summary>http://dapr-app-id:cart-service@localhost:3500/…</summary>
    static string? BasicUser(HttpContext http)
    {
        if (http.Request.Headers.Authorization.ToString() is not { } value || !value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) return null;
        var buffer = new byte[value.Length];
        if (!Convert.TryFromBase64String(value[6..], buffer, out var length)) return null;
        var parts = System.Text.Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2);
        return parts is ["dapr-app-id", { Length: > 0 } app] ? app : null;
    }

    static async Task Forward(HttpContext http, string appId, string target)
    {
        var stop = http.RequestAborted;
        using var answer = await Send(http.Sidecar(), appId, target.Length == 0 ? "/" : target, () => Build(http), stop);
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!HopByHop.Contains(name)) http.Response.Headers.Append(name, values.ToArray());
        if (answer.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified)) await answer.Content.CopyToAsync(http.Response.Body, stop);
    }

    static HttpRequestMessage Build(HttpContext http)
    {
        var request = new HttpRequestMessage { Method = new HttpMethod(http.Request.Method) };
        if (http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0) request.Content = new StreamContent(http.Request.Body);
        foreach (var (name, values) in http.Request.Headers)
            if (!HopByHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!);
        return request;
    }

    /// <summary>An app that is just starting again is waited for a little; nothing was sent to it yet.</summary>
    /// <param name="target">Path and query. It is put behind the app's address, never resolved against it: of a path such as //other:80/ that would make another host.</param>
    public static async Task<HttpResponseMessage> Send(AppSidecar caller, string appId, string target, Func<HttpRequestMessage> build, CancellationToken stop)
    {
        var callee = caller.Peer(appId) ?? throw ApiException.Invoke(appId, $"failed to resolve address for '{appId}': no app of this name runs here");
        if (!target.StartsWith('/') || !Uri.TryCreate(callee.Channel.Base.GetLeftPart(UriPartial.Authority) + target, UriKind.Absolute, out var address))
            throw new ApiException(400, StatusCode.InvalidArgument, "ERR_DIRECT_INVOKE", $"the path of an invocation begins with a slash: {target}");
        for (var attempt = 1; ; attempt++)
        {
            var request = build();
            request.RequestUri = address;
            // What the caller says of itself does not count.
            foreach (var (name, value) in ((string, string)[])[("dapr-caller-app-id", caller.AppId), ("dapr-callee-app-id", appId), ("dapr-caller-namespace", "default")])
            {
                request.Headers.Remove(name);
                request.Headers.Add(name, value);
            }
            try
            {
                return await callee.Channel.Send(request, stop, HttpCompletionOption.ResponseHeadersRead);
            }
            catch (HttpRequestException e) when (AppChannel.Refused(e) && attempt < 4)
            {
                callee.Channel.Lost();
                await Task.Delay(TimeSpan.FromMilliseconds(500), stop);
            }
            catch (HttpRequestException e) { throw ApiException.Invoke(appId, e.InnerException?.Message ?? e.Message); }
        }
    }
}
