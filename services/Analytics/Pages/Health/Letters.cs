using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics.Pages;

/// <summary>The dead letters and what an operator does with them: the same work as behind the routes.</summary>
public sealed class Letters(IServiceScopeFactory scopes, TimeProvider clock)
{
    public Task<Answer<DeadLetterPage>> Read(DeadLetterStatus? status, int limit) => With(async db => (await ReadDeadLetters.Page(new(), db, default, status?.ToString(), limit)).Result is Ok<DeadLetterPage> { Value: { } page }
        ? new Answer<DeadLetterPage>(page)
        : new(null, "The letters cannot be read."));

    public Task<Answer<string>> Replay(long id) => With(async db => Told((await ReplayDeadLetters.One(id, db, clock, default)).Result));

    public Task<Answer<string>> Discard(long id) => With(async db => Told((await DiscardDeadLetters.One(id, db, clock, default)).Result));

    public Task<Answer<string>> ReplayAll() => With(async db => Told((await ReplayDeadLetters.All(new(), db, clock, default)).Result));

    public Task<Answer<string>> DiscardAll() => With(async db => Told((await DiscardDeadLetters.All(new(), db, clock, default)).Result));

    static Answer<string> Told(IResult result) => result switch
    {
        Accepted<ReplayResponse> { Value: { } sent } => new(sent switch
        {
            { Replayed: 0, Skipped: 0 } => "It is on its way already.",
            { Skipped: 0 } => $"{Words.Count(sent.Replayed, "letter was", "letters were")} sent again. What becomes of it shows here.",
            _ => $"{sent.Replayed} sent again; {sent.Skipped} are no events and stay.",
        }),
        Ok<DiscardResponse> { Value: { } gone } => new($"{Words.Count(gone.Discarded, "letter is", "letters are")} discarded."),
        ProblemHttpResult { ProblemDetails.Detail: { } why } => new(null, why),
        _ => new(null, "It could not be done."),
    };

    async Task<Answer<T>> With<T>(Func<AnalyticsDb, Task<Answer<T>>> work) where T : class
    {
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            return await work(scope.ServiceProvider.GetRequiredService<AnalyticsDb>());
        }
        catch (Exception e) when (e is System.Data.Common.DbException or DbUpdateException or InvalidOperationException or TimeoutException)
        {
            return new(null, "The database of analytics-service does not answer. Try again.");
        }
    }
}
