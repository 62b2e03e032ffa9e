using System.Runtime.InteropServices;

namespace Ecom.Sidecar.Processes;

/// <summary>POSIX signals, which .NET sends to nobody; on Windows there are none.</summary>
public static partial class Signals
{
    /// <param name="signal">Its number on this system.</param>
    /// <returns>Whether the process was there, and may be sent it.</returns>
    public static bool Send(int process, int signal) => !OperatingSystem.IsWindows() && Kill(process, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
