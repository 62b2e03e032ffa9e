using Microsoft.AspNetCore.Http.Features;

namespace Ecom.Hosting;

/// <summary>
/// What a customer sends is read before anything else looks at it. An empty body, in whatever framing, is none. One that is too large is
/// taken off the wire and refused: a server that stops reading breaks the connection before the client has read a word of the answer.
/// </summary>
static class Bodies
{
    /// <summary>The sidecar's deliveries are larger, and limited by <see cref="Defaults.MaxEventBytes"/>.</summary>
    const string Deliveries = "/events";
    const int MostTakenOff = 64 * 1024 * 1024;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static IApplicationBuilder UseSmallBodies(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        var request = http.Request;
        if (!request.Path.StartsWithSegments(Deliveries))
        {
            // Not what the framework thinks of it: a wish to upgrade the connection looks like a body, and its reading would never end.
            var body = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0 ? await Read(http) : new();
            if (body.Length > Defaults.MaxBodyBytes)
            {
                await Problems.Refused($"The body must be at most {Defaults.MaxBodyBytes / 1024} KiB.").ExecuteAsync(http);
                return;
            }

            request.Body = body;
            if (body.Length == 0)
            {
                // A form's content type on nothing, as `curl -d ''` sends it, is no reason for a refusal.
                request.ContentType = null;
                http.Features.Set<IHttpRequestBodyDetectionFeature>(NoBody.Instance);
            }
        }

        await next(http);
    });

    /// <returns>The body; one that is too large only so far as to tell that it is.</returns>
    static async Task<MemoryStream> Read(HttpContext http)
    {
        // The limit of the deliveries would end the reading.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var body = new MemoryStream((int)Math.Min(http.Request.ContentLength ?? 0, Defaults.MaxBodyBytes + 1));
        var part = new byte[16 * 1024];
        var seen = 0L;
        try
        {
            for (int count; seen < MostTakenOff && (count = await http.Request.Body.ReadAsync(part, patience.Token)) > 0; seen += count)
                if (body.Length <= Defaults.MaxBodyBytes)
                {
                    body.Write(part, 0, count);
                    if (body.Length > Defaults.MaxBodyBytes)
                        patience.CancelAfter(Patience);
                }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            // Who sends too much, and slowly, gets the answer without being heard out.
        }

        body.Position = 0;
        return body;
    }

    sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public static readonly NoBody Instance = new();

        public bool CanHaveBody => false;
    }
}
