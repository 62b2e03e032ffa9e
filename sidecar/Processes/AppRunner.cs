using System.Diagnostics;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>One app, kept running: its lines passed on, started again when it dies; one that ends with 0 has done what it was for. As a process of its own (<see cref="AppProcess"/>) or inside the host's (<see cref="AppInProcess"/>).</summary>
abstract class AppRunner(AppSpec app, EmbeddedHostOptions options, Action ended) : IAsyncDisposable
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);
    static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200), LongestDelay = TimeSpan.FromSeconds(10), Settled = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource stop = new();
    Task running = Task.CompletedTask;

    public string AppId => app.AppId;

    protected AppSpec App => app;

    /// <summary>Cancelled when the app is to end and not to be started again.</summary>
    protected CancellationToken Stopping => stop.Token;

    /// <summary>Null while it does not run, or where it has no process of its own.</summary>
    public virtual int? ProcessId => null;

    /// <summary>Makes way for the app: what an earlier host left behind is ended, a stranger on its port is refused.</summary>
    public static async Task MakeWay(AppSpec app, EmbeddedHostOptions options, DataFolder data, CancellationToken cancel)
    {
        if (new PidFile(data.FullPath, app.AppId).EndLeftover()) options.Output(app.AppId, "ended a process that an earlier host had left behind");
        await AppPort.Claim(app, cancel);
    }

    public void Start() => running = Task.Run(Supervise);

    /// <returns>With what it ended: an exit code, or «nothing» when it did not begin.</returns>
    protected abstract Task<string> RunOnce();

    /// <summary>Asks it to end, in its own time.</summary>
    protected virtual void Ask()
    {
    }

    /// <summary>Ends it at once, where that can be done.</summary>
    public virtual void Kill()
    {
    }

    /// <summary>The variables that the app is to find.</summary>
    protected IReadOnlyDictionary<string, string> Surroundings() => AppEnvironment.Of(app, options);

    protected void Say(string line) => options.Output(AppId, line);

    async Task Supervise()
    {
        var delay = FirstDelay;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await PortIsFree();
                var began = Stopwatch.GetTimestamp();
                var code = await RunOnce();
                if (stop.IsCancellationRequested) return;
                ended();
                if (code == "0")
                {
                    Say("ended with 0: it is done");
                    return;
                }
                if (Stopwatch.GetElapsedTime(began) > Settled) delay = FirstDelay;
                Say($"ended with {code}; started again in {delay.TotalSeconds:0.#} s");
                await Task.Delay(delay, stop.Token);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
        catch (OperationCanceledException) { /* stopping */ }
    }

    async Task PortIsFree()
    {
        if (Ports.IsFree(app.AppPort)) return;
        Say($"the port {app.AppPort} is taken{PortHolder.By(app.AppPort)} (a debugger?): the app is started when that has ended");
        while (!Ports.IsFree(app.AppPort)) await Task.Delay(FirstDelay, stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Ask();
        try { await running.WaitAsync(Grace); }
        catch (TimeoutException)
        {
            Kill();
            // What has no process of its own cannot be killed: it ends with the host.
            if (ProcessId is not null) await running;
        }
    }
}
