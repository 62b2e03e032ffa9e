using System.ComponentModel;
using System.Diagnostics;

namespace Ecom.Sidecar.Processes;

/// <summary>Which process of an app runs, for the next host: an app of a host that was killed may not have ended by itself.</summary>
public sealed class PidFile
{
    readonly string path;

    /// <param name="folder">The host's data folder.</param>
    public PidFile(string folder, string appId) => path = Path.Combine(folder, $"{appId}.pid");

    /// <summary>The start time tells the process from another program with its number.</summary>
    internal void Write(Process started)
    {
        try { File.WriteAllText(path, $"{started.Id} {started.StartTime.ToUniversalTime().Ticks}"); }
        catch (Exception e) when (Harmless(e)) { /* it has ended already, or the disk is full: the app matters more */ }
    }

    internal void Delete()
    {
        try { File.Delete(path); }
        catch (Exception e) when (Harmless(e)) { /* the next host finds that the process is gone */ }
    }

    /// <returns>The app's process; null when it does not run.</returns>
    public Process? Running()
    {
        try
        {
            if (!File.Exists(path) || File.ReadAllText(path).Split(' ') is not [var pid, var ticks] || !int.TryParse(pid, out var id) || !long.TryParse(ticks, out var started)) return null;
            var process = Process.GetProcessById(id);
            if (Math.Abs(process.StartTime.ToUniversalTime().Ticks - started) <= TimeSpan.TicksPerSecond) return process;
            process.Dispose();
        }
        catch (Exception e) when (Harmless(e)) { /* it is gone */ }
        return null;
    }

    /// <returns>Whether a process was left, and ended.</returns>
    internal bool EndLeftover()
    {
        using var left = Running();
        try
        {
            left?.Kill(entireProcessTree: true);
            left?.WaitForExit(5_000);
            return left is not null;
        }
        catch (Exception e) when (Harmless(e)) { return false; /* it is gone */ }
    }

    static bool Harmless(Exception e) => e is ArgumentException or InvalidOperationException or Win32Exception or IOException or UnauthorizedAccessException or NotSupportedException;
}
