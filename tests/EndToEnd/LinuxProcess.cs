using System.Diagnostics;
using System.Text;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>A process as /proc shows it, so that one that was killed can be started again as it was.</summary>
sealed record LinuxProcess(int Id, string[] Arguments, Dictionary<string, string?> Environment, string Folder)
{
    public static IEnumerable<LinuxProcess> ChildrenOf(IReadOnlyList<int> parents) =>
        Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => Read(int.Parse(name!), parents)).OfType<LinuxProcess>();

    public void Kill()
    {
        using var process = Process.GetProcessById(Id);
        process.Kill();
        process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    public ChildProcess StartAgain() => ChildProcess.Start(Path.GetFileName(Arguments[^1]), Arguments[0], Arguments[1..], Environment, Folder);

    static LinuxProcess? Read(int id, IReadOnlyList<int> parents)
    {
        try
        {
            // "id (name) state parent …": the name may hold spaces.
            var parent = File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ')[1];
            if (!parents.Contains(int.Parse(parent)))
                return null;
            var environment = Strings(id, "environ").Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2).DistinctBy(pair => pair[0]);
            return new(id, Strings(id, "cmdline"), environment.ToDictionary(pair => pair[0], string? (pair) => pair[1]), new FileInfo($"/proc/{id}/cwd").LinkTarget!);
        }
        catch (IOException)
        {
            // Ended while it was looked at.
            return null;
        }
    }

    static string[] Strings(int id, string file) => Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/{file}")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
}
