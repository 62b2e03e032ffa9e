using Microsoft.AspNetCore.Components;

namespace Ecom.Analytics.Pages;

/// <summary>A page that is read again after a change of what it shows, at most four times a second: the commit pushes, nobody polls.</summary>
public abstract partial class LivePage : ComponentBase, IDisposable
{
    static readonly TimeSpan BeforeNextTry = TimeSpan.FromSeconds(2), FirstView = TimeSpan.FromMilliseconds(400);
    readonly CancellationTokenSource end = new();

    /// <summary>One reads at a time: what was asked for last is what stands in the end.</summary>
    Task reading = Task.CompletedTask;
    JournalNews.Listener? listener;

    [Inject] JournalNews News { get; set; } = null!;
    [Inject] protected ShopQueries Shop { get; set; } = null!;
    [Inject] protected TimeProvider Clock { get; set; } = null!;
    [Inject] ILogger<LivePage> Log { get; set; } = null!;

    /// <summary>Whether it was read at least once.</summary>
    protected bool IsRead { get; private set; }

    /// <summary>Why it could not be read; what is shown is from before.</summary>
    protected string? Failure { get; private set; }

    /// <summary>Nobody looks any more.</summary>
    protected CancellationToken End { get; }

    protected LivePage() => End = end.Token;

    /// <summary>At most so often.</summary>
    protected virtual TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    /// <summary>Read again also without news, where time itself changes what is shown.</summary>
    protected virtual TimeSpan Patience => Timeout.InfiniteTimeSpan;

    protected abstract Task Read(CancellationToken ct);

    protected abstract bool Shows(JournalChange change);

    /// <summary>Who listens first and reads then misses nothing. The page that is only drawn once listens to nothing.</summary>
    protected override void OnInitialized()
    {
        if (!RendererInfo.IsInteractive)
            return;
        listener = News.Listen();
        _ = InvokeAsync(Follow);
    }

    /// <summary>A page that is sent for the first time waits a little for what it shows; the rest comes by the line.</summary>
    protected override Task OnParametersSetAsync() => RendererInfo.IsInteractive ? ReadAgain() : Task.WhenAny(ReadAgain(), Task.Delay(FirstView, Clock));

    protected Task ReadAgain() => reading = ReadAfter(reading);

    async Task ReadAfter(Task before)
    {
        await before;
        try
        {
            await Read(End);
            (IsRead, Failure) = (true, null);
        }
        catch (Exception e) when (!End.IsCancellationRequested)
        {
            LogUnread(Log, e, GetType().Name);
            Failure = "The shop's records cannot be read right now. The page tries again by itself.";
        }
        catch (Exception) when (End.IsCancellationRequested)
        {
        }
    }

    async Task Follow()
    {
        try
        {
            while (true)
            {
                var change = await listener!.Next(Failure is null ? Patience : BeforeNextTry, End);
                if (change is not null && !Shows(change))
                    continue;
                await ReadAgain();
                StateHasChanged();
                await Task.Delay(Interval, Clock, End);
            }
        }
        catch (OperationCanceledException) when (End.IsCancellationRequested)
        {
        }
    }

    public void Dispose()
    {
        end.Cancel();
        listener?.Dispose();
        end.Dispose();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(LogLevel.Warning, "{Page} could not be read")]
    static partial void LogUnread(ILogger log, Exception e, string page);
}
