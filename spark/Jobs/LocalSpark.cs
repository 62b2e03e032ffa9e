using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ecom.Spark.Jobs;

/// <summary>A Spark Connect server of our own on this machine's cores, from an unpacked Spark, for as long as this program runs.</summary>
public sealed class LocalSpark : IDisposable
{
    const int LinesKept = 200;

    readonly SparkPrograms programs;
    readonly IReadOnlyList<string> command;
    readonly string folder = Directory.CreateTempSubdirectory("ecom-spark-").FullName;
    readonly ConcurrentQueue<string> lines = new();
    Process? process;

    LocalSpark(string home, int port, string master, string[] settings)
    {
        programs = new(home);
        command = programs.Server(master, port, folder, settings);
    }

    /// <summary>The server's process.</summary>
    public int ProcessId => process!.Id;

    /// <summary>Starts a server on <paramref name="port"/> and waits until it listens.</summary>
    public static LocalSpark Start(string home, int port, string master = "local[2]", params string[] settings)
    {
        var spark = new LocalSpark(home, port, master, settings);
        try
        {
            spark.Run();
            spark.WaitFor(port);
            return spark;
        }
        catch
        {
            spark.Dispose();
            throw;
        }
    }

    /// <summary>Starts it again, where it has ended by itself; it listens when it is ready.</summary>
    public void Revive()
    {
        if (process is { HasExited: true })
            Run();
    }

    /// <summary>Stops it.</summary>
    public void Dispose()
    {
        if (process is { HasExited: false })
            process.Kill(entireProcessTree: true);
        process?.WaitForExit();
        process?.Dispose();
        process = null;
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // A file that is still held is in the system's temp folder, which is cleaned anyway.
        }
    }

    void Run()
    {
        // A Ctrl-C in the terminal reaches every program that runs there; Spark must outlive it, as the job stops its streams first.
        var info = new ProcessStartInfo("/bin/sh", ["-c", "trap '' INT; exec \"$0\" \"$@\"", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (key, value) in programs.Environment)
            info.Environment[key] = value;
        process = Process.Start(info)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    void WaitFor(int port)
    {
        for (var clock = Stopwatch.StartNew(); !SparkPrograms.Listens(port); Thread.Sleep(100))
        {
            if (process!.HasExited || clock.Elapsed > SparkPrograms.StartTimeout)
                throw new JobException(ExitCodes.ServerUnreachable, $"the Spark Connect server did not start on port {port}:\n{string.Join('\n', lines.TakeLast(20))}");
        }
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        if (lines.Count > LinesKept)
            lines.TryDequeue(out _);
    }
}
