using Ecom.Contracts;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Ecom.Hosting;

/// <summary>RFC 9457 problem details for everything that is refused; <c>detail</c> says in plain words what is wrong.</summary>
public static class Problems
{
    public static ProblemHttpResult NotFound(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound);

    public static ProblemHttpResult Conflict(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);

    public static ProblemHttpResult Bad(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest);

    public static ProblemHttpResult Refused(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status422UnprocessableEntity);

    public static IServiceCollection AddEcomProblems(this IServiceCollection services) => services
        .AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            var (http, problem) = (context.HttpContext, context.ProblemDetails);
            // The specification's «body ≤ 64 KiB, else 422», where the framework says 413.
            if (problem.Status is StatusCodes.Status413PayloadTooLarge)
                (http.Response.StatusCode, problem.Status, problem.Title, problem.Detail) = (422, 422, ReasonPhrases.GetReasonPhrase(422), "The body must be at most 64 KiB.");
            problem.Detail ??= Explain(http, problem.Status ?? http.Response.StatusCode);
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
        StatusCodes.Status404NotFound => $"There is nothing at {http.Request.Method} {http.Request.Path}.",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Path} does not take {http.Request.Method}.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be application/json.",
        StatusCodes.Status503ServiceUnavailable => "The service cannot reach its database or its sidecar right now. Try again.",
        _ => null,
    };

    sealed class Handler(IProblemDetailsService problems, ILogger<Handler> log) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken ct)
        {
            var (status, detail) = exception switch
            {
                BadHttpRequestException bad => (bad.StatusCode, bad.InnerException is System.Text.Json.JsonException json ? $"The body is not readable: {json.Message}" : bad.Message),
                _ when Transient.Is(exception) || exception is Dapr.DaprException => (StatusCodes.Status503ServiceUnavailable, null),
                _ => (StatusCodes.Status500InternalServerError, "The service failed; the error is in its log under this trace id."),
            };
            if (status >= 500 && !ct.IsCancellationRequested)
                log.LogError(exception, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            http.Response.StatusCode = status;
            return await problems.TryWriteAsync(new() { HttpContext = http, ProblemDetails = new ProblemDetails { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = detail } });
        }
    }
}
