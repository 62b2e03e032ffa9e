using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

/// <summary>
/// Runs in a program in front of its Main, where DOTNET_STARTUP_HOOKS names this assembly, and gives the program's crash points something to do: who reaches one for
/// which <c>armed/(point)</c> lies in the folder ECOM_TEST_CRASH_POINTS does what is written there. <c>die</c> and <c>pause 30</c> speak for themselves; <c>duplicate</c> loses the
/// answer to what is done already, so that it is done again. It strikes once, or, as <c>die:0.05:7</c>, with a probability for ever: the seed decides at which visits.
/// </summary>
#pragma warning disable CA1050 // .NET looks for this name in no namespace.
static class StartupHook
#pragma warning restore CA1050
{
    static readonly string Folder = Environment.GetEnvironmentVariable("ECOM_TEST_CRASH_POINTS") ?? "";
    static readonly ConcurrentDictionary<string, int> Visits = new();

    public static void Initialize()
    {
        if (Folder.Length > 0)
            AppContext.SetData("Ecom.CrashPoint", (Action<string>)Reached);
    }

    static void Reached(string point)
    {
        var visit = Visits.AddOrUpdate(point, 1, (_, visits) => visits + 1);
        if (visit == 1)
            File.WriteAllText(Path.Combine(Folder, "reached", point), "");
        switch (Struck(point, visit)?.Split(' '))
        {
            case ["pause", var seconds]:
                Thread.Sleep(TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
                break;
            case ["duplicate"]:
                // What a caller hears who waits for an answer in vain.
                throw new TaskCanceledException("The answer is lost.", new TimeoutException());
            case ["die"]:
                using (var self = Process.GetCurrentProcess())
                    self.Kill();
                Thread.Sleep(Timeout.Infinite);
                break;
        }
    }

    /// <returns>Null: nothing happens here.</returns>
    static string? Struck(string point, int visit)
    {
        var armed = Path.Combine(Folder, "armed", point);
        try
        {
            if (!File.Exists(armed))
                return null;
            var order = File.ReadAllText(armed).Split(':');
            if (order is [_, var probability, var seed])
                return IsDrawn(point, visit, double.Parse(probability, CultureInfo.InvariantCulture), seed) ? order[0] : null;
            File.Move(armed, Path.Combine(Folder, "struck", point));
            return order[0];
        }
        catch (IOException)
        {
            // Somebody else was quicker.
            return null;
        }
    }

    /// <summary>Whoever died here begins to count anew, and must not die at the same visit for ever.</summary>
    static bool IsDrawn(string point, int visit, double probability, string seed)
    {
        var struck = Path.Combine(Folder, "struck");
        var before = Directory.GetFiles(struck, $"{point} *").Length;
        var drawn = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {point} {before} {visit}")));
        if (drawn >= probability * uint.MaxValue)
            return false;
        File.WriteAllText(Path.Combine(struck, $"{point} {before + 1}"), "");
        return true;
    }
}
