using System.Diagnostics;

namespace Ecom.Tool;

/// <summary>Does what the plan says, and tells it.</summary>
sealed class Attack(Arena arena, IReadOnlyList<Fault> plan, Stopwatch clock)
{
    /// <summary>Of a process that is slow: it stands still for the one, runs for the other, and so on.</summary>
    static readonly TimeSpan Standing = TimeSpan.FromMilliseconds(180), Running = TimeSpan.FromMilliseconds(60);

    readonly List<Fault> done = [];

    /// <summary>What hit somebody.</summary>
    public IReadOnlyList<Fault> Done
    {
        get
        {
            lock (done)
                return [.. done];
        }
    }

    public async Task Run(CancellationToken cancel)
    {
        var under = new List<Task>();
        try
        {
            foreach (var fault in plan)
            {
                if (fault.At - clock.Elapsed is { Ticks: > 0 } wait)
                    await Task.Delay(wait, cancel);
                under.Add(Strike(fault, cancel));
            }
        }
        finally
        {
            await Task.WhenAll(under);
        }
    }

    async Task Strike(Fault fault, CancellationToken cancel)
    {
        if (arena.Find(fault.Target) is not { } victim || !(fault.Blow is Blow.Kill ? victim.Kill() : victim.Stop()))
        {
            Tell(fault, "is down already");
            return;
        }
        lock (done)
            done.Add(fault);
        Tell(fault, fault.Blow is Blow.Kill ? $"(pid {victim.Id})" : FormattableString.Invariant($"(pid {victim.Id}) for {fault.For.TotalSeconds:0.0} s"));
        try
        {
            await (fault.Blow switch
            {
                Blow.Kill => arena.BringBack(fault.Target, cancel),
                Blow.Pause => Task.Delay(fault.For, cancel),
                _ => Slow(victim, fault, cancel),
            });
        }
        finally
        {
            // Whatever happens, nobody is left standing still.
            if (fault.Blow is not Blow.Kill)
                victim.Continue();
        }
    }

    static async Task Slow(Victim victim, Fault fault, CancellationToken cancel)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < fault.For; victim.Stop())
        {
            await Task.Delay(Standing, cancel);
            victim.Continue();
            await Task.Delay(Running, cancel);
        }
    }

    void Tell(Fault fault, string how)
    {
        var line = FormattableString.Invariant($"{clock.Elapsed.TotalSeconds,6:0.0} s  {fault.Blow.ToString().ToLowerInvariant(),-5}  {fault.Target} {how}");
        Terminal.Line($"{line}");
        arena.Note($"chaos  {line}");
    }
}
