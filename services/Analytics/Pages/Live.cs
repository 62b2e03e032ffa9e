using System.Diagnostics;

namespace Ecom.Analytics.Pages;

/// <summary>Something that is looked at again and again for as long as any page shows it: once for all of them, and not at all when nobody looks.</summary>
public sealed class Live<T>(Func<CancellationToken, Task<T>> look, TimeSpan every, TimeProvider clock) where T : class
{
    readonly Lock gate = new();
    readonly List<Action> watchers = [];
    volatile Task<T>? first;
    volatile T? now;
    bool isLooking;

    /// <summary>The last look; null before the first.</summary>
    public T? Now => now;

    /// <summary>The last look, or the first one where it comes soon enough for a page that is about to be sent.</summary>
    public async Task<T?> Soon(TimeSpan patience)
    {
        try
        {
            return now ?? (first is { } coming ? await coming.WaitAsync(patience, clock) : null);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Until it is disposed of, <paramref name="news"/> is called after each look.</summary>
    public IDisposable Watch(Action news)
    {
        lock (gate)
        {
            watchers.Add(news);
            if (!isLooking)
            {
                isLooking = true;
                first = Look();
                _ = Task.Run(LookOn);
            }
        }
        return new End(this, news);
    }

    async Task<T> Look()
    {
        // A look belongs to no page's request.
        Activity.Current = null;
        return now = await look(CancellationToken.None);
    }

    async Task LookOn()
    {
        using var timer = new PeriodicTimer(every, clock);
        var looking = first!;
        do
        {
            await looking.ContinueWith(_ => { }, TaskScheduler.Default);
            Action[] all;
            lock (gate)
                all = [.. watchers];
            foreach (var news in all)
                news();
            await timer.WaitForNextTickAsync();
            lock (gate)
                if (watchers.Count == 0)
                {
                    (isLooking, now, first) = (false, null, null);
                    return;
                }
            looking = Look();
        }
        while (true);
    }

    sealed class End(Live<T> live, Action news) : IDisposable
    {
        public void Dispose()
        {
            lock (live.gate)
                live.watchers.Remove(news);
        }
    }
}
