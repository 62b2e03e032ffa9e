using System.ComponentModel;
using System.Diagnostics;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>
/// One app as a child process: started, its lines passed on, started again when it dies. The app
/// holds the other end of its standard input: when that ends, so does the app. This is how it is
/// asked to stop, and how it learns that the host was killed, on every operating system alike.
/// </summary>
sealed class AppProcess(AppSpec app, EmbeddedHostOptions options, DataFolder data, Action ended) : IAsyncDisposable
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);
    static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200), LongestDelay = TimeSpan.FromSeconds(10), Settled = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource stop = new();
    readonly Lock gate = new();
    Process? process;
    Task running = Task.CompletedTask;

    public string AppId => app.AppId;

    public int? ProcessId { get { lock (gate) return process?.Id; } }

    /// <summary>Said before anything starts: a program that is not there.</summary>
    public static void CheckCommand(AppSpec app)
    {
        if (app.Command is ["dotnet", { } dll, ..] && dll.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) && !File.Exists(Path.Combine(app.Folder, dll)))
            throw new SetupException($"{app.AppId}: {Path.Combine(app.Folder, dll)} is not there; build it first: dotnet build");
    }

    public void Start() => running = Task.Run(Supervise);

    async Task Supervise()
    {
        var delay = FirstDelay;
        EndLeftover();
        try
        {
            if (!Ports.IsFree(app.AppPort))
            {
                options.Output(AppId, $"something already listens on {app.AppPort} (a debugger?): it is taken for the app, nothing is started");
                return;
            }
            while (!stop.IsCancellationRequested)
            {
                var began = Stopwatch.GetTimestamp();
                var code = await RunOnce();
                if (stop.IsCancellationRequested) return;
                ended();
                if (Stopwatch.GetElapsedTime(began) > Settled) delay = FirstDelay;
                options.Output(AppId, $"ended with {code}; started again in {delay.TotalSeconds:0.#} s");
                await Task.Delay(delay, stop.Token);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
        catch (OperationCanceledException) { /* stopping */ }
    }

    async Task<string> RunOnce()
    {
        Process started;
        try
        {
            lock (gate)
            {
                if (stop.IsCancellationRequested) return "nothing";
                started = process = Process.Start(StartInfo())!;
            }
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            options.Output(AppId, $"{app.Command[0]} cannot be started: {e.Message}");
            return "nothing";
        }
        using (started)
        {
            Remember(started);
            started.OutputDataReceived += Forward;
            started.ErrorDataReceived += Forward;
            started.BeginOutputReadLine();
            started.BeginErrorReadLine();
            await started.WaitForExitAsync(CancellationToken.None);
            lock (gate) process = null;
            File.Delete(PidFile);
            return started.ExitCode.ToString();
        }
    }

    void Remember(Process started)
    {
        try { File.WriteAllText(PidFile, $"{started.Id} {started.StartTime.ToUniversalTime().Ticks}"); }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or IOException) { /* it has ended already, or the disk is full: the app matters more */ }
    }

    void Forward(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is { } line) options.Output(AppId, line);
    }

    ProcessStartInfo StartInfo()
    {
        var info = new ProcessStartInfo(Program())
        {
            WorkingDirectory = app.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in app.Command.Skip(1)) info.ArgumentList.Add(argument);
        AppEnvironment.Fill(info.Environment, app, options, data.FullPath);
        return info;
    }

    /// <summary>The `dotnet` that runs this host also runs the apps, should there be several.</summary>
    string Program() => app.Command[0] == "dotnet" && Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } dotnet && File.Exists(dotnet) ? dotnet
        : app.Command[0].StartsWith('.') ? Path.Combine(app.Folder, app.Command[0]) : app.Command[0];

    string PidFile => data.File($"{AppId}.pid");

    /// <summary>An app of a host that was killed, should it not have ended by itself. The start time tells it from another program with its number.</summary>
    void EndLeftover()
    {
        if (!File.Exists(PidFile)) return;
        try
        {
            if (File.ReadAllText(PidFile).Split(' ') is [var pid, var ticks] && int.TryParse(pid, out var id) && long.TryParse(ticks, out var started))
            {
                using var left = Process.GetProcessById(id);
                if (Math.Abs(left.StartTime.ToUniversalTime().Ticks - started) > TimeSpan.TicksPerSecond) return;
                left.Kill(entireProcessTree: true);
                left.WaitForExit(5_000);
                options.Output(AppId, "ended a process that an earlier host had left behind");
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or IOException) { /* it is gone */ }
    }

    public void Kill()
    {
        lock (gate)
            try { process?.Kill(entireProcessTree: true); }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception) { /* it is gone */ }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        lock (gate)
            try { process?.StandardInput.Close(); }
            catch (Exception e) when (e is InvalidOperationException or IOException) { /* it is gone */ }
        try { await running.WaitAsync(Grace); }
        catch (TimeoutException)
        {
            Kill();
            await running;
        }
    }
}
