using System.Globalization;
using System.Threading.RateLimiting;

namespace Ecom.Hosting;

/// <summary>How much one client may ask for: so many changes a second, so many streams at once. A client is a customer, or, of those who say no name, an address.</summary>
public static class Limits
{
    const string Streams = "streams";

    internal static IServiceCollection AddLimits(this IServiceCollection services, IConfiguration settings)
    {
        var (writes, streams) = (settings.Int("RATE_LIMIT_WRITES_PER_SECOND", 20, 1, 100_000), settings.Int("FOLLOW_MOST_PER_CLIENT", 20, 1, 100_000));
        return services.AddRateLimiter(limits =>
        {
            limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limits.OnRejected = (rejected, _) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
                rejected.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                return ValueTask.CompletedTask;
            };
            // A second's worth may come at once.
            limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(http => Client(http) is { } client && (!http.Request.IsReading() || IsAGuess(http))
                ? RateLimitPartition.GetTokenBucketLimiter(client, _ => new() { TokenLimit = writes, TokensPerPeriod = writes, ReplenishmentPeriod = TimeSpan.FromSeconds(1) })
                : RateLimitPartition.GetNoLimiter(""));
            limits.AddPolicy(Streams, http => Client(http) is { } client
                ? RateLimitPartition.GetConcurrencyLimiter(client, _ => new() { PermitLimit = streams })
                : RateLimitPartition.GetNoLimiter(""));
        });
    }

    /// <summary>The answer goes on for as long as the client listens.</summary>
    public static TBuilder Streaming<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.RequireRateLimiting(Streams).Refuses(StatusCodes.Status429TooManyRequests);

    /// <summary>Somebody tries a key, or a token, that is none.</summary>
    static bool IsAGuess(HttpContext http) => http.Request.SaysWho() && http.User.Identity is not { IsAuthenticated: true };

    /// <summary>Null, without a limit: the sidecar, an operator, this machine.</summary>
    static string? Client(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<Door>()?.Audience is Audience.Sidecar ? null
        : http.User.Identity is not { IsAuthenticated: true } ? $"address {http.Connection.RemoteIpAddress}"
        : http.User.Customer() is { } customer ? $"customer {customer}" : null;
}
