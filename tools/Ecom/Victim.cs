using System.ComponentModel;
using System.Diagnostics;
using Ecom.Sidecar.Processes;

namespace Ecom.Tool;

/// <summary>A process that is hit: told from a later one with its number by when it started.</summary>
sealed record Victim(int Id, DateTime Started)
{
    const int KillSignal = 9, TerminateSignal = 15;

    // Their numbers differ between the systems.
    static readonly int StopSignal = OperatingSystem.IsMacOS() ? 17 : 19, ContinueSignal = OperatingSystem.IsMacOS() ? 19 : 18;

    public static Victim? Of(Process? process)
    {
        try
        {
            return process is null ? null : new(process.Id, process.StartTime);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    public bool Kill() => Signal(KillSignal);

    public bool Terminate() => Signal(TerminateSignal);

    public bool Stop() => Signal(StopSignal);

    public bool Continue() => Signal(ContinueSignal);

    /// <returns>Whether it was still there, and ours.</returns>
    bool Signal(int signal)
    {
        try
        {
            using var process = Process.GetProcessById(Id);
            return Of(process) == this && Signals.Send(Id, signal);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
