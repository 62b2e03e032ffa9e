using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Ecom.Tool;

/// <summary>The figures of a run. `--json` prints them as one object, the last line of the output.</summary>
static class Figures
{
    static readonly JsonSerializerOptions Line = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Interpolated, so that one slow order among twenty is not the whole 95th percentile.</summary>
    public static double? Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            return null;
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return Math.Round(sorted[below] + (sorted[above] - sorted[below]) * (at - below), 1);
    }

    public static void PrintJson(object figures) => Console.Out.WriteLine(JsonSerializer.Serialize(figures, Line));

    /// <summary>Resident memory of some processes together. Where the system tells (Linux), a page that several of them share, such as the runtime's own code, counts once.</summary>
    public static double MemoryMb(IEnumerable<int> processes) =>
        Math.Round(processes.Sum(Resident) / 1024.0 / 1024.0, 1);

    static long Resident(int id)
    {
        try
        {
            // Pss: each page divided by the number of processes that map it (proc_pid_smaps_rollup(5)).
            if (File.ReadLines($"/proc/{id}/smaps_rollup").FirstOrDefault(line => line.StartsWith("Pss:", StringComparison.Ordinal)) is { } pss)
                return long.Parse(pss["Pss:".Length..^"kB".Length], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            // Another system, or gone.
        }
        try
        {
            using var process = Process.GetProcessById(id);
            return process.WorkingSet64;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return 0;
        }
    }
}
