using System.Security.Cryptography;

namespace Ecom.Tool;

/// <summary>The repository's .env: settings and secrets, one a line.</summary>
static class EnvFile
{
    public static string Name => Path.Combine(Repository.Root, ".env");

    public static Task Set(string name, string value, CancellationToken cancel) => Change(lines => Put(lines, name, value), cancel);

    /// <summary>Makes up secrets for those of the names that are empty, or missing. Without the file there is nobody who reads it.</summary>
    /// <returns>Those that it made.</returns>
    public static async Task<IReadOnlyList<string>> FillEmpty(string[] names, CancellationToken cancel)
    {
        List<string> made = [];
        if (File.Exists(Name))
            await Change(lines =>
            {
                made = [.. names.Where(name => lines.TrueForAll(line => !line.StartsWith($"{name}=", StringComparison.Ordinal) || line.TrimEnd().Length == name.Length + 1))];
                made.ForEach(name => Put(lines, name, RandomNumberGenerator.GetHexString(32, lowercase: true)));
            }, cancel);
        return made;
    }

    static void Put(List<string> lines, string name, string value)
    {
        if (lines.FindIndex(line => line.StartsWith($"{name}=", StringComparison.Ordinal)) is >= 0 and var at)
            lines[at] = $"{name}={value}";
        else
            lines.Add($"{name}={value}");
    }

    static async Task Change(Action<List<string>> change, CancellationToken cancel)
    {
        try
        {
            List<string> before = File.Exists(Name) ? [.. await File.ReadAllLinesAsync(Name, cancel)] : [], lines = [.. before];
            change(lines);
            if (!lines.SequenceEqual(before))
                await File.WriteAllTextAsync(Name, string.Join('\n', lines) + '\n', cancel);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new ToolError($"{Name} cannot be written: {wrong.Message}");
        }
    }
}
