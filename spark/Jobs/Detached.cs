using System.Diagnostics;
using System.Globalization;

namespace Ecom.Spark.Jobs;

/// <summary>
/// A program that goes on when the shell that started it ends (on Linux and macOS). Its folder keeps which process it is, with what it
/// was called, what it says, and in the end that it was stopped, or its exit code. A process that has its id after it ended, or after the machine was started anew, is not taken for it.
/// </summary>
public sealed class Detached(string folder)
{
    /// <summary>In the environment of a program that leaves its exit code in its folder.</summary>
    public const string FolderVariable = "ECOM_JOB_FOLDER";

    // Two processes of one id are further apart than a start time is read inexactly.
    static readonly TimeSpan SameStart = TimeSpan.FromSeconds(30);

    // Of a session of its own where there is setsid; without it the terminal's end is ignored.
    const string Start = """log=$1; shift; exec >>"$log" 2>&1 </dev/null; command -v setsid >/dev/null && exec setsid "$@"; trap '' HUP; exec "$@" """;

    public string Name => Path.GetFileName(folder);

    /// <summary>The file of what it says.</summary>
    public string Log => Path.Combine(folder, "log");

    /// <summary>With what it was called.</summary>
    public string Command => Read("command") ?? "";

    /// <summary>The process, while it runs; null when it never ran, ended, or is another one of the same id.</summary>
    public int? Process => Started is var (id, since) && IsAlive(id, since) ? id : null;

    /// <summary>What became of it, in words.</summary>
    public string State => Started is not var (id, since) ? "never started"
        : Process is not null ? string.Create(CultureInfo.InvariantCulture, $"runs since {since:yyyy-MM-dd HH:mm:ss'Z'}, process {id}")
        : Read("exit") is { } code ? $"ended with exit code {code}"
        : Read("stopped") is { } time ? $"was stopped at {time}"
        : $"is gone without a word (process {id}): killed, crashed, or the machine was started anew";

    (int Id, DateTime Since)? Started => Read("process")?.Split(' ') is [var id, var since]
        && int.TryParse(id, CultureInfo.InvariantCulture, out var number) && DateTime.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? (number, time) : null;

    /// <summary>Starts a program; what an earlier one said is kept as <c>log.before</c>.</summary>
    public void Run(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        if (OperatingSystem.IsWindows())
            throw new JobException(ExitCodes.WrongCall, "Windows has no way to detach a program: let a service manager run the job");
        Directory.CreateDirectory(folder);
        if (File.Exists(Log))
            File.Move(Log, Log + ".before", overwrite: true);
        foreach (var end in (string[])["exit", "stopped"])
            File.Delete(Path.Combine(folder, end));
        File.WriteAllText(Path.Combine(folder, "command"), string.Join(' ', command));
        var info = new ProcessStartInfo("/bin/sh", ["-c", Start, "sh", Log, .. command]) { WorkingDirectory = folder };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
            info.Environment[key] = value;
        using var process = System.Diagnostics.Process.Start(info)!;
        File.WriteAllText(Path.Combine(folder, "process"), $"{process.Id} {DateTime.UtcNow:O}");
    }

    /// <summary>Asks it to end and waits; false when it runs on. With <paramref name="force"/> it is ended then.</summary>
    public bool Stop(TimeSpan patience, bool force = false)
    {
        if (Process is not { } id)
            return true;
        Signal("-TERM", id);
        if (!Ends(patience))
        {
            if (!force)
                return false;
            Signal("-KILL", id);
            if (!Ends(patience))
                return false;
        }
        File.WriteAllText(Path.Combine(folder, "stopped"), string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm:ss'Z'}"));
        return true;
    }

    /// <summary>Waits while it runs; false when it ended, or the time is over, before it was ready: <see cref="Tail"/> says why.</summary>
    public bool RunsUntil(Func<bool> ready, TimeSpan patience)
    {
        var isReady = false;
        return Wait(() => (isReady = ready()) || Process is null, patience) && isReady;
    }

    /// <summary>The last lines that it said.</summary>
    public IReadOnlyList<string> Tail(int lines) => File.Exists(Log) ? [.. File.ReadLines(Log).TakeLast(lines)] : [];

    /// <summary>Leaves the exit code of this program in the folder that it was given, if it was given one.</summary>
    public static void Ended(int exitCode)
    {
        if (Settings.Variable(FolderVariable) is { } folder)
            File.WriteAllText(Path.Combine(folder, "exit"), $"{exitCode}");
    }

    bool Ends(TimeSpan patience) => Wait(() => Process is null, patience);

    static bool Wait(Func<bool> until, TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); !until(); Thread.Sleep(100))
        {
            if (clock.Elapsed > patience)
                return false;
        }
        return true;
    }

    string? Read(string file) => File.Exists(Path.Combine(folder, file)) ? File.ReadAllText(Path.Combine(folder, file)).Trim() : null;

    static void Signal(string signal, int id)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [signal, $"{id}"]);
        kill.WaitForExit();
    }

    static bool IsAlive(int id, DateTime since)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return (process.StartTime.ToUniversalTime() - since).Duration() < SameStart && !process.HasExited && !IsZombie(id);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    // One that ended and that nobody has asked for yet: in a container there may be nobody.
    static bool IsZombie(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
