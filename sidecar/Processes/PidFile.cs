using System.ComponentModel;
using System.Diagnostics;

namespace Ecom.Sidecar.Processes;

/// <summary>Which process of an app runs, for the next host: an app of a host that was killed may not have ended by itself.</summary>
sealed class PidFile(DataFolder data, string appId)
{
    readonly string path = data.File($"{appId}.pid");

    /// <summary>The start time tells the process from another program with its number.</summary>
    public void Write(Process started)
    {
        try { File.WriteAllText(path, $"{started.Id} {started.StartTime.ToUniversalTime().Ticks}"); }
        catch (Exception e) when (Harmless(e)) { /* it has ended already, or the disk is full: the app matters more */ }
    }

    public void Delete()
    {
        try { File.Delete(path); }
        catch (Exception e) when (Harmless(e)) { /* the next host finds that the process is gone */ }
    }

    /// <returns>Whether a process was left, and ended.</returns>
    public bool EndLeftover()
    {
        try
        {
            if (!File.Exists(path) || File.ReadAllText(path).Split(' ') is not [var pid, var ticks] || !int.TryParse(pid, out var id) || !long.TryParse(ticks, out var started)) return false;
            using var left = Process.GetProcessById(id);
            if (Math.Abs(left.StartTime.ToUniversalTime().Ticks - started) > TimeSpan.TicksPerSecond) return false;
            left.Kill(entireProcessTree: true);
            left.WaitForExit(5_000);
            return true;
        }
        catch (Exception e) when (Harmless(e)) { return false; /* it is gone */ }
    }

    static bool Harmless(Exception e) => e is ArgumentException or InvalidOperationException or Win32Exception or IOException or UnauthorizedAccessException or NotSupportedException;
}
