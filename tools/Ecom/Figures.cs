using System.Diagnostics;
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

    /// <summary>Resident memory of this process and of the programs it started.</summary>
    public static double MemoryMb(IEnumerable<int> children)
    {
        using var self = Process.GetCurrentProcess();
        return Math.Round((self.WorkingSet64 + children.Sum(Resident)) / 1024.0 / 1024.0, 1);
    }

    static long Resident(int id)
    {
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
