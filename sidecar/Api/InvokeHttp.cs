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

    /// <summary>daprd's own patience with an app that has no resiliency.</summary>
    const int MostUnasked = 3;
    static readonly TimeSpan Unasked = TimeSpan.FromSeconds(1);

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
            if (IsGrpc(http.Request))
            {
                http.RefuseGrpc(StatusCode.Unimplemented, $"the embedded Dapr has no {http.Request.Path.Value!.TrimStart('/')}");
                return Task.CompletedTask;
            }
            if (Unsupported(http.Request.Path) is { } api) throw new ApiException(501, StatusCode.Unimplemented, "ERR_API_UNIMPLEMENTED", $"the embedded Dapr has no {api} API");
            if (http.Request.Headers["dapr-app-id"].ToString() is { Length: > 0 } app) return Forward(http, app, http.Features.Get<IHttpRequestFeature>()!.RawTarget);
            if (BasicUser(http) is { } user) return Forward(http, user, http.Features.Get<IHttpRequestFeature>()!.RawTarget);
            throw new ApiException(404, StatusCode.NotFound, "ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id");
        });
    }

    /// <summary>daprd's other building blocks. Said by name: a caller would look for a mistake of its own.</summary>
    static string? Unsupported(PathString path) => path.Value!.Split('/') switch
    {
        ["", var version, "state", _, "query"] when IsVersion(version) => "state query",
        ["", var version, var api and ("actors" or "configuration" or "conversation" or "crypto" or "jobs" or "lock" or "subscribe" or "unlock"), ..] when IsVersion(version) => api,
        _ => null,
    };

    static bool IsVersion(string segment) => segment.StartsWith("v1.0", StringComparison.Ordinal);

    static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;

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
        // What is streamed goes once, as through daprd.
        var body = http.Request.ContentLength is > 0 ? await http.ReadBody() : null;
        var isStreamed = http.Request.Headers.TransferEncoding.Count > 0;
        using var answer = await Send(http.Sidecar(), appId, target.Length == 0 ? "/" : target, () => Build(http, isStreamed ? new StreamContent(http.Request.Body) : body is null ? null : new ByteArrayContent(body)), isStreamed, stop);
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!HopByHop.Contains(name)) http.Response.Headers.Append(name, values.ToArray());
        if (answer.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified)) await answer.Content.CopyToAsync(http.Response.Body, stop);
    }

    static HttpRequestMessage Build(HttpContext http, HttpContent? content)
    {
        var request = new HttpRequestMessage { Method = new HttpMethod(http.Request.Method), Content = content };
        foreach (var (name, values) in http.Request.Headers)
            if (!HopByHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!);
        return request;
    }

    /// <summary>By the callee's resiliency, for which an answer from 400 on is a failure. Without one an app that is just starting again is waited for a little: nothing was sent to it yet.</summary>
    /// <param name="target">Path and query. It is put behind the app's address, never resolved against it: of a path such as //other:80/ that would make another host.</param>
    /// <param name="isOnce">The request cannot be built again.</param>
    public static async Task<HttpResponseMessage> Send(AppSidecar caller, string appId, string target, Func<HttpRequestMessage> build, bool isOnce, CancellationToken stop)
    {
        var callee = caller.Peer(appId) ?? throw ApiException.Invoke(appId, $"failed to resolve address for '{appId}': no app of this name runs here");
        if (!target.StartsWith('/') || !Uri.TryCreate(callee.Channel.Base.GetLeftPart(UriPartial.Authority) + target, UriKind.Absolute, out var address))
            throw new ApiException(400, StatusCode.InvalidArgument, "ERR_DIRECT_INVOKE", $"the path of an invocation begins with a slash: {target}");
        var (timeout, retry) = caller.PoliciesTowards(appId);
        for (var attempt = 1; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            if (timeout is { } time) limit.CancelAfter(time);
            string why;
            try
            {
                var answer = await callee.Channel.Send(Addressed(build(), address, caller.AppId, appId), limit.Token, HttpCompletionOption.ResponseHeadersRead);
                if ((int)answer.StatusCode < 400 || isOnce || retry?.Repeats(attempt, (int)answer.StatusCode) != true) return answer;
                answer.Dispose();
                await Task.Delay(retry.Delay(attempt), stop);
                continue;
            }
            catch (HttpRequestException e)
            {
                if (AppChannel.Refused(e)) callee.Channel.Lost();
                if (retry is null && AppChannel.Refused(e) && attempt <= MostUnasked)
                {
                    await Task.Delay(Unasked, stop);
                    continue;
                }
                why = e.InnerException?.Message ?? e.Message;
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested) { why = $"no answer within {timeout}"; }
            if (isOnce || retry?.Repeats(attempt, null) != true) throw ApiException.Invoke(appId, why);
            await Task.Delay(retry.Delay(attempt), stop);
        }
    }

    static HttpRequestMessage Addressed(HttpRequestMessage request, Uri address, string caller, string callee)
    {
        request.RequestUri = address;
        // What the caller says of itself does not count.
        foreach (var (name, value) in ((string, string)[])[("dapr-caller-app-id", caller), ("dapr-callee-app-id", callee), ("dapr-caller-namespace", "default")])
        {
            request.Headers.Remove(name);
            request.Headers.Add(name, value);
        }
        return request;
    }
}
