using System.Security.Claims;

namespace Ecom.Hosting;

/// <summary>Whom a route is for.</summary>
public enum Audience
{
    /// <summary>Nothing that it answers or does is anybody's own.</summary>
    Everyone,

    /// <summary>A delivery, which has a token of its own (<see cref="TopicRoutes"/>).</summary>
    Sidecar,

    /// <summary>The customer whose things they are, and an operator.</summary>
    Customer,

    /// <summary>Reads what is not one customer's: an operator, and without an authority whoever is on this machine.</summary>
    Observers,

    /// <summary>Changes what is not one customer's.</summary>
    Operators,
}

/// <summary>Who may come through a route; each has one, and one without lets nobody in.</summary>
/// <param name="UserId">The parameter of the path that says whose it is; null: the handler looks among the caller's own only (<see cref="Callers.Customer"/>).</param>
public sealed record Door(Audience Audience, string? UserId = null)
{
    internal bool Admits(ClaimsPrincipal caller, HttpContext http) => Audience switch
    {
        Audience.Customer => caller.MaySeeEverybodys() || caller.Customer() is { Length: > 0 } own && (UserId is null || http.GetRouteValue(UserId) as string == own),
        Audience.Observers => caller.MaySeeEverybodys(),
        Audience.Operators => caller.IsOperator(),
        _ => true,
    };

    internal string Explain(HttpContext http, int status) => (Audience, status) switch
    {
        (Audience.Sidecar, _) => "Only the sidecar delivers, with the token that both know.",
        (_, StatusCodes.Status403Forbidden) => Audience is Audience.Customer ? "This is another customer's." : "This takes an operator.",
        _ => http.Request.SaysWho()
            ? "The key or token that you say is not good here."
            : "Say who you are, by Authorization: Bearer and a customer's token, or X-Admin-Key and the operators' key.",
    };
}
