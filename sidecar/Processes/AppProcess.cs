using System.ComponentModel;
using System.Diagnostics;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>
/// One app as a child process. The app holds the other end of its standard input: when that ends, so does the app. This is how it is
/// asked to stop, and how it learns that the host was killed, on every operating system alike. An app that does not know this is asked by SIGTERM besides, where there are signals.
/// </summary>
sealed class AppProcess(AppSpec app, EmbeddedHostOptions options, DataFolder data, Action ended) : AppRunner(app, options, ended)
{
    const int TerminateSignal = 15;

    readonly PidFile pid = new(data.FullPath, app.AppId);
    readonly Lock gate = new();
    Process? process;

    public override int? ProcessId { get { lock (gate) return process?.Id; } }

    /// <summary>Said before anything starts: a program that is not there.</summary>
    public static void CheckCommand(AppSpec app)
    {
        if (app.Command is ["dotnet", { } dll, ..] && dll.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) && !File.Exists(Path.Combine(app.Folder, dll)))
            throw new SetupException($"{app.AppId}: {Path.Combine(app.Folder, dll)} is not there; build it first: dotnet build");
    }

    protected override async Task<string> RunOnce()
    {
        Process started;
        try
        {
            lock (gate)
            {
                if (Stopping.IsCancellationRequested) return "nothing";
                started = process = Process.Start(StartInfo())!;
            }
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            Say($"{App.Command[0]} cannot be started: {e.Message}");
            return "nothing";
        }
        using (started)
        {
            pid.Write(started);
            started.OutputDataReceived += Forward;
            started.ErrorDataReceived += Forward;
            started.BeginOutputReadLine();
            started.BeginErrorReadLine();
            await started.WaitForExitAsync(CancellationToken.None);
            lock (gate) process = null;
            pid.Delete();
            return started.ExitCode.ToString();
        }
    }

    void Forward(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is { } line) Say(line);
    }

    ProcessStartInfo StartInfo()
    {
        var info = new ProcessStartInfo(Program())
        {
            WorkingDirectory = App.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in App.Command.Skip(1)) info.ArgumentList.Add(argument);
        info.Environment.Clear();
        foreach (var (name, value) in Surroundings()) info.Environment[name] = value;
        info.Environment["ECOM_STOP_WITH_STDIN"] = "true";
        return info;
    }

    /// <summary>The `dotnet` that runs this host also runs the apps, should there be several.</summary>
    string Program() => App.Command[0] == "dotnet" && Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } dotnet && File.Exists(dotnet) ? dotnet
        : App.Command[0].StartsWith('.') ? Path.Combine(App.Folder, App.Command[0]) : App.Command[0];

    public override void Kill()
    {
        lock (gate)
            try { process?.Kill(entireProcessTree: true); }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception) { /* it is gone */ }
    }

    protected override void Ask()
    {
        lock (gate)
            try
            {
                process?.StandardInput.Close();
                if (process is not null) Signals.Send(process.Id, TerminateSignal);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException) { /* it is gone */ }
    }
}
