using System.Collections.Concurrent;
using System.Diagnostics;

/// <summary>
/// Runs in a program in front of its Main, where DOTNET_STARTUP_HOOKS names this assembly, and gives the program's crash points something to do:
/// who reaches one for which <c>armed/(point)</c> lies in the folder ECOM_TEST_CRASH_POINTS takes that file, so that it strikes once, and does what is written in it.
/// </summary>
#pragma warning disable CA1050 // .NET looks for this name in no namespace.
static class StartupHook
#pragma warning restore CA1050
{
    static readonly string Folder = Environment.GetEnvironmentVariable("ECOM_TEST_CRASH_POINTS") ?? "";
    static readonly ConcurrentDictionary<string, bool> Known = new();

    public static void Initialize()
    {
        if (Folder.Length > 0)
            AppContext.SetData("Ecom.CrashPoint", (Action<string>)Reached);
    }

    static void Reached(string point)
    {
        if (Known.TryAdd(point, true))
            File.WriteAllText(Path.Combine(Folder, "reached", point), "");
        var armed = Path.Combine(Folder, "armed", point);
        if (!File.Exists(armed))
            return;
        try
        {
            File.Move(armed, Path.Combine(Folder, "struck", point));
        }
        catch (IOException)
        {
            // Somebody else was quicker.
            return;
        }
        if (int.TryParse(File.ReadAllText(Path.Combine(Folder, "struck", point)), out var seconds))
        {
            Thread.Sleep(TimeSpan.FromSeconds(seconds));
            return;
        }
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
