using System.Diagnostics;

namespace Ecom.Tests.Support;

/// <summary>Waits on a condition with a deadline: the only way tests wait.</summary>
public static class Eventually
{
    /// <summary>Deadlines are a quiet machine's. On a busy one everything takes longer, and only what never comes is a failure.</summary>
    const int Patience = 4;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>For waits that are not polled.</summary>
    public static TimeSpan OnABusyMachine(TimeSpan deadline) => deadline * Patience;

    public static Task Until(Func<bool> condition, TimeSpan deadline, string what) =>
        Until(() => Task.FromResult(condition()), deadline, what);

    public static Task Until(Func<Task<bool>> condition, TimeSpan deadline, string what) =>
        Get<object>(async () => await condition() ? new object() : null, deadline, what);

    /// <summary>The first answer that is not null. An exception counts as "not yet" and is shown when the time is over.</summary>
    public static async Task<T> Get<T>(Func<Task<T?>> read, TimeSpan deadline, string what)
        where T : class
    {
        var clock = Stopwatch.StartNew();
        deadline = OnABusyMachine(deadline);
        Exception? last;
        do
        {
            last = null;
            try
            {
                if (await read() is { } answer)
                    return answer;
            }
            catch (Exception e) when (e is not ProcessEndedException)
            {
                last = e;
            }

            await Task.Delay(Pause);
        }
        while (clock.Elapsed < deadline);
        throw new TimeoutException($"Not within {deadline.TotalSeconds:0.#} s: {what}.{(last is null ? "" : $" Last: {last.Message}")}", last);
    }
}
