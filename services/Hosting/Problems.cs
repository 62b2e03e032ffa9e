using Ecom.Contracts;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Ecom.Hosting;

/// <summary>RFC 9457 problem details for everything that is refused; <c>detail</c> says in plain words what is wrong.</summary>
public static class Problems
{
    const string RetryAfterSeconds = "2";

    public static ProblemHttpResult NotFound(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound);

    public static ProblemHttpResult Conflict(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);

    public static ProblemHttpResult Bad(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest);

    public static ProblemHttpResult Forbidden(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);

    public static ProblemHttpResult Refused(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status422UnprocessableEntity);

    public static ProblemHttpResult Busy(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable);

    public static IServiceCollection AddEcomProblems(this IServiceCollection services) => services
        .AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            var (http, status) = (context.HttpContext, context.ProblemDetails.Status ?? context.HttpContext.Response.StatusCode);
            context.ProblemDetails.Detail ??= Explain(http, status);
            if (status is StatusCodes.Status503ServiceUnavailable)
                http.Response.Headers.RetryAfter = RetryAfterSeconds;
        })
        .AddExceptionHandler<Handler>()
        .Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);

    /// <summary>Every id in a path is checked before the handler runs.</summary>
    public static RouteGroupBuilder CheckIds(this RouteGroupBuilder group)
    {
        group.AddEndpointFilter(async (context, next) =>
        {
            foreach (var (name, value) in context.HttpContext.Request.RouteValues)
                if (value is string id && Check.Id(name, id) is { } fault)
                    return Refused(fault + ".");
            return await next(context);
        });
        return group;
    }

    static string? Explain(HttpContext http, int status) => status switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => http.GetEndpoint()?.Metadata.GetMetadata<Door>()?.Explain(http, status),
        StatusCodes.Status404NotFound => $"There is nothing at {http.Request.Method} {http.Request.Path}.",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Path} does not take {http.Request.Method}.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be application/json.",
        StatusCodes.Status429TooManyRequests => "You ask for too much at once. Wait as long as Retry-After says.",
        StatusCodes.Status503ServiceUnavailable => "A part of the shop that this needs does not answer right now. Try again.",
        _ => null,
    };

    sealed class Handler(IProblemDetailsService problems, ILogger<Handler> log) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken ct)
        {
            var (status, detail) = exception switch
            {
                BadHttpRequestException bad => Misfit.Explain(http, bad),
                _ when Away.Who(exception) is { } who => (StatusCodes.Status503ServiceUnavailable, $"{who} does not answer right now. Try again."),
                _ => (StatusCodes.Status500InternalServerError, "The service failed; the error is in its log under this trace id."),
            };
            if (status >= 500 && !ct.IsCancellationRequested)
                log.LogError(exception, "{Method} {Route} failed", http.Request.Method, (http.Features.Get<IExceptionHandlerFeature>()?.Endpoint as RouteEndpoint)?.RoutePattern.RawText);
            http.Response.StatusCode = status;
            return await problems.TryWriteAsync(new() { HttpContext = http, ProblemDetails = new ProblemDetails { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = detail } });
        }
    }
}
