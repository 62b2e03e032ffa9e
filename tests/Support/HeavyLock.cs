namespace Ecom.Tests.Support;

/// <summary>One heavy suite at a time on this machine: `dotnet test` on the solution runs the test assemblies side by side,
/// and three brokers beside a Spark cluster would only time each other out. The system frees the lock of a killed process.</summary>
public sealed class HeavyLock : IDisposable
{
    readonly FileStream file;

    HeavyLock(FileStream file) => this.file = file;

    public static async Task<HeavyLock> Take(TimeSpan? deadline = null)
    {
        var path = Path.Combine(Path.GetTempPath(), $"ecom-heavy-tests-{Environment.UserName}.lock");
        return new HeavyLock(await Eventually.Get<FileStream>(() => Task.FromResult(TryOpen(path)), deadline ?? TimeSpan.FromMinutes(30), $"{path} is free"));
    }

    public void Dispose() => file.Dispose();

    /// <summary>Null: another process has it.</summary>
    internal static FileStream? TryOpen(string path, FileOptions options = FileOptions.None)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, options);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
