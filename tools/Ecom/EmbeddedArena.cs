using System.Diagnostics;
using Ecom.Sidecar.Processes;

namespace Ecom.Tool;

/// <summary>`up --isolated` as a child: seven processes, each of which may be hit. The host starts its services again, and this one starts the host again.</summary>
sealed class EmbeddedArena : Arena
{
    const int Killed = 128 + 9;
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(15), Breath = TimeSpan.FromMilliseconds(500);

    readonly ShopChoice choice;
    readonly bool isTemporary;
    readonly StreamWriter log;
    readonly CancellationTokenSource stop = new();
    readonly Task supervising;
    readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile Victim? host;
    volatile string lastWord = "";
    bool isForgotten;

    EmbeddedArena(ShopChoice choice, bool isTemporary, IReadOnlyList<Target> targets) : base(Addresses.Read(choice), ServiceData.Files(choice.DataFolder))
    {
        (this.choice, this.isTemporary, Targets) = (choice, isTemporary, targets);
        // The shop's own log begins anew with each host.
        log = ShopLog.In(choice.DataFolder, "chaos.log", file => new StreamWriter(file, append: false));
        supervising = Supervise();
    }

    public static IReadOnlyList<Target> All { get; } = [new(Host, MayBeKilled: true), .. Shop.Services.Keys.Select(app => new Target(app, MayBeKilled: true))];

    public override IReadOnlyList<Target> Targets { get; }

    public override string? Traces => Path.Combine(choice.DataFolder, "chaos.log");

    /// <summary>In a folder of its own unless one is named: nobody's shop is hit by accident.</summary>
    public static async Task<EmbeddedArena> Open(ShopChoice choice, IReadOnlyList<Target> targets, CancellationToken cancel)
    {
        var isTemporary = choice.Data is null;
        if (isTemporary)
            choice = choice with { Data = Directory.CreateTempSubdirectory("ecom-chaos-").FullName };
        var arena = new EmbeddedArena(choice, isTemporary, targets);
        try
        {
            await Terminal.Working($"starting {arena.Addresses.Apps.Count} services and their sidecars, each as a process", async () =>
            {
                // What answers on its ports may be another shop: its own word counts.
                await await Task.WhenAny(arena.begun.Task, arena.supervising).WaitAsync(cancel);
                return true;
            });
            return arena;
        }
        catch
        {
            arena.Forget();
            await arena.DisposeAsync();
            throw;
        }
    }

    public override Victim? Find(string target)
    {
        if (target == Host)
            return host;
        using var running = new PidFile(choice.DataFolder, target).Running();
        return Victim.Of(running);
    }

    public override void Note(string line)
    {
        lock (log)
            if (log.BaseStream is { CanWrite: true })
                log.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {line}");
    }

    public override void Forget() => isForgotten = isTemporary;

    public override async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        host?.Terminate();
        await Task.WhenAny(supervising, Task.Delay(Grace));
        host?.Kill();
        // Who waited for the start has heard why it failed.
        await supervising.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (log)
            log.Dispose();
        stop.Dispose();
        if (isForgotten)
            Delete(choice.DataFolder);
    }

    static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException inUse)
        {
            Terminal.Line($"{folder} could not be deleted: {inUse.Message}");
        }
    }

    async Task Supervise()
    {
        while (!stop.IsCancellationRequested)
        {
            using var process = Process.Start(StartInfo())!;
            host = Victim.Of(process);
            process.OutputDataReceived += Keep;
            process.ErrorDataReceived += KeepWord;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await process.WaitForExitAsync();
            host = null;
            if (stop.IsCancellationRequested)
                return;
            if (!begun.Task.IsCompleted)
                throw new ToolError(lastWord);
            if (process.ExitCode != Killed)
                Terminal.Line($"{Terminal.Yellow("the host ended by itself")} with {process.ExitCode}, and is started again: {lastWord}");
            await Task.Delay(Breath);
        }
    }

    /// <summary>This program, by the `dotnet` that runs it or by its own name.</summary>
    ProcessStartInfo StartInfo()
    {
        var self = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [typeof(EmbeddedArena).Assembly.Location] : [];
        return new(self, [.. program, "up", "--isolated", "--data", choice.DataFolder, "--port-offset", $"{choice.PortOffset}"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Should this tool be killed, its shop ends, too.
            Environment = { [Up.StopWithInput] = "true" },
        };
    }

    void Keep(object sender, DataReceivedEventArgs said)
    {
        if (said.Data is not { Length: > 0 } line)
            return;
        Note(line);
        if (line.Contains(Up.Begun, StringComparison.Ordinal))
            begun.TrySetResult();
    }

    /// <summary>Why it cannot run it says there, in one line.</summary>
    void KeepWord(object sender, DataReceivedEventArgs said)
    {
        lastWord = said.Data is { Length: > 0 } line ? line : lastWord;
        Keep(sender, said);
    }
}
