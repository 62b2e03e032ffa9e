using Microsoft.AspNetCore.HostFiltering;

namespace Ecom.Hosting;

/// <summary>Who is let in: a browser is on this machine, too, and what it sends may be the wish of any page that is open in it.</summary>
static class Doors
{
    /// <summary>ASP.NET's own setting. A page whose name was made to lead here (DNS rebinding) would else be of the service's origin, and read everything.</summary>
    public static IServiceCollection AddDoors(this IServiceCollection services, IConfiguration settings) => services.Configure<HostFilteringOptions>(hosts =>
    {
        hosts.AllowedHosts = settings.Text("AllowedHosts", "localhost;127.0.0.1;[::1]").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        hosts.AllowEmptyHosts = false;
    });

    /// <summary>A form, or text, is sent by any page without asking; it may not change anything here. Reading it cannot: the browser keeps the answer from it.</summary>
    public static IApplicationBuilder UseDoors(this IApplicationBuilder app) => app.Use((http, next) =>
        http.Request.IsReading() || !IsOfAnotherOrigin(http.Request) ? next(http) : Problems.Forbidden("A page of another origin may not do this.").ExecuteAsync(http));

    /// <summary>A web socket begins by reading, and then says anything.</summary>
    public static bool IsReading(this HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) && request.Headers.Upgrade.Count == 0;

    /// <summary>As the browser says; an older one tells the origin only, in which a proxy may have changed the scheme.</summary>
    static bool IsOfAnotherOrigin(HttpRequest request) => request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site
        ? site != "same-origin" && site != "none"
        : request.Headers.Origin is { Count: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
}
