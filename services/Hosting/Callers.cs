using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace Ecom.Hosting;

/// <summary>What a caller may see, whoever they are.</summary>
public static class Callers
{
    internal const string OperatorRole = "admin", OnThisMachine = "this machine";

    /// <summary>As authorities write it; both are usual.</summary>
    internal static readonly string[] RoleClaims = ["roles", "role"];

    public static bool IsOperator(this ClaimsPrincipal caller) => Array.Exists(RoleClaims, claim => caller.HasClaim(claim, OperatorRole));

    /// <summary>Whose carts, orders, payments and mails alone the caller sees; null: everybody's.</summary>
    public static string? Customer(this ClaimsPrincipal caller) => caller.MaySeeEverybodys() ? null : caller.FindFirstValue("sub") ?? "";

    /// <summary>An operator, and without an authority whoever is on this machine.</summary>
    public static bool MaySeeEverybodys(this ClaimsPrincipal caller) => caller.IsOperator() || caller.Identity?.AuthenticationType == OnThisMachine;

    /// <summary>A program on this machine speaks for itself; what another app's sidecar or a proxy brings may come from anywhere.</summary>
    internal static bool IsOnThisMachine(this HttpContext http) =>
        http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !http.IsInvocation() && !Array.Exists(ProxysWords, http.Request.Headers.ContainsKey);

    internal static bool SaysWho(this HttpRequest request) => request.Headers.Authorization.Count > 0 || request.Headers.ContainsKey(Operators.Header);

    /// <summary>The last one is what ASP.NET makes of the second where it is told to believe it.</summary>
    static readonly string[] ProxysWords = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-For"];

    /// <summary>Customers come with a token of AUTH_AUTHORITY, operators with one that has their role, or with the key. Where neither is set, this machine is let in.</summary>
    internal static IServiceCollection AddCallers(this IServiceCollection services, IConfiguration settings)
    {
        var (authority, operators) = (Authority(settings), new Operators(settings));
        var callers = services.AddSingleton(operators).AddSingleton<Colleagues>().AddAuthentication(nameof(Callers)).AddScheme<CallerOptions, CallerHandler>(nameof(Callers), caller => caller.Authority = authority);
        if (authority is not null)
            callers.AddJwtBearer(token =>
            {
                (token.Authority, token.Audience) = (authority.AbsoluteUri, settings.Text("AUTH_AUDIENCE", "ecom"));
                token.RequireHttpsMetadata = !authority.IsLoopback;
                token.MapInboundClaims = false;
            });
        // A route that says nothing of whom it is for is nobody's; where there is no route, there is nothing to guard.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAssertion(asked => (asked.Resource as HttpContext)?.GetEndpoint() is not RouteEndpoint).Build());
        return services.AddHostedService<SayWhoIsLetIn>();
    }

    static Uri? Authority(IConfiguration settings) => settings["AUTH_AUTHORITY"] is not { Length: > 0 } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var authority) && (authority.Scheme == Uri.UriSchemeHttps || authority is { Scheme: "http", IsLoopback: true }) ? authority
        : throw new SettingException("AUTH_AUTHORITY", text, "the https address of an OpenID Connect authority");
}

sealed class CallerOptions : AuthenticationSchemeOptions
{
    public Uri? Authority { get; set; }
}

/// <summary>Who calls. What is said by <c>X-Admin-Key</c> or <c>Authorization: Bearer</c> is held against the services' word, the key, then against the authority; a wrong one is nobody, wherever it comes from.</summary>
sealed class CallerHandler(IOptionsMonitor<CallerOptions> options, ILoggerFactory loggers, UrlEncoder encoder, Operators operators, Colleagues colleagues) : AuthenticationHandler<CallerOptions>(options, loggers, encoder)
{
    const string Bearer = "Bearer";
    static readonly AuthenticateResult Operator = Is(nameof(Operators), new Claim(Callers.RoleClaims[0], Callers.OperatorRole)), OnThisMachine = Is(Callers.OnThisMachine), Nobody = AuthenticateResult.NoResult();

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var said = AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var bearer) && bearer.Scheme.Equals(Bearer, StringComparison.OrdinalIgnoreCase) ? bearer.Parameter : null;
        if (operators.Is(Request.Headers[Operators.Header]) || operators.Is(said) || colleagues.Are(said))
            return Task.FromResult(Operator);
        if (!operators.HaveKey && Options.Authority is null)
            return Task.FromResult(Context.IsOnThisMachine() ? Operator : Nobody);
        if (!Request.SaysWho())
            return Task.FromResult(Options.Authority is null && Context.IsOnThisMachine() ? OnThisMachine : Nobody);
        return Options.Authority is null ? Task.FromResult(Nobody) : Context.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = Bearer;
        return base.HandleChallengeAsync(properties);
    }

    static AuthenticateResult Is(string how, params Claim[] claims) => AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(claims, how)), nameof(Callers)));
}

/// <summary>One line at the start, so that nobody leaves a shop open without knowing.</summary>
sealed partial class SayWhoIsLetIn(Operators operators, IOptionsMonitor<CallerOptions> callers, ILogger<SayWhoIsLetIn> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (callers.Get(nameof(Callers)).Authority is { } authority)
            LogAuthority(log, authority);
        else if (operators.HaveKey)
            LogKey(log);
        else
            LogOpen(log);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "Open to whoever is on this machine, closed to all others: neither ECOM_ADMIN_KEY nor AUTH_AUTHORITY is set")]
    static partial void LogOpen(ILogger log);

    [LoggerMessage(LogLevel.Information, "Operators come with ECOM_ADMIN_KEY; whoever is on this machine is any customer, because AUTH_AUTHORITY is not set")]
    static partial void LogKey(ILogger log);

    [LoggerMessage(LogLevel.Information, "Callers come with a token of {Authority}")]
    static partial void LogAuthority(ILogger log, Uri authority);
}
