namespace Ecom.Hosting;

/// <summary>The least and the most of a number that a route takes, as a parameter or in its body: for its page and for its refusals.</summary>
public sealed record Bounds(string Name, int Least, int? Most)
{
    public string Words => Most is null ? $", {Least} or more" : $" from {Least} to {Most}";
}

/// <summary>All the words that may stand in a field of a route's body or answer.</summary>
public sealed record KnownWords(string Name, IReadOnlyList<string> Words);

/// <summary>What a service's table of routes says about them beside the work they do.</summary>
public static class Surface
{
    /// <param name="name">The operation's id.</param>
    /// <param name="refusals">The status codes of its own; those that all routes know are said once (<see cref="Defaults.MapApi"/>).</param>
    public static RouteHandlerBuilder Says(this RouteHandlerBuilder route, string name, string summary, params int[] refusals) =>
        route.WithName(name).WithSummary(summary).Refuses(refusals);

    public static TBuilder Refuses<TBuilder>(this TBuilder route, params int[] statusCodes) where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statusCodes)
            route.ProducesProblem(status);
        return route;
    }

    public static TBuilder Takes<TBuilder>(this TBuilder route, string name, int least, int? most) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Bounds(name, least, most));

    public static TBuilder Paged<TBuilder>(this TBuilder route, int most = 100) where TBuilder : IEndpointConventionBuilder => route.Takes("limit", 1, most).Takes("offset", 0, null);

    public static TBuilder Knows<TBuilder>(this TBuilder route, string name, IReadOnlyList<string> words) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new KnownWords(name, words));

    /// <summary>Whom the route is for, here and below: what each word means stands at <see cref="Audience"/>.</summary>
    public static TBuilder ForEveryone<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Door(Audience.Everyone)).AllowAnonymous();

    public static TBuilder ForTheSidecar<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new Door(Audience.Sidecar)).AllowAnonymous();

    /// <param name="userId">As of <see cref="Door"/>.</param>
    public static TBuilder ForCustomer<TBuilder>(this TBuilder route, string? userId = null) where TBuilder : IEndpointConventionBuilder => route.For(new(Audience.Customer, userId));

    public static TBuilder ForObservers<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.For(new(Audience.Observers));

    public static TBuilder ForOperators<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.For(new(Audience.Operators));

    static TBuilder For<TBuilder>(this TBuilder route, Door door) where TBuilder : IEndpointConventionBuilder => route
        .WithMetadata(door).RequireAuthorization(policy => policy.RequireAssertion(asked => door.Admits(asked.User, (HttpContext)asked.Resource!)))
        .Refuses(StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden);
}
