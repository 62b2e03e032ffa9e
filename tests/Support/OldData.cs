using System.IO.Compression;

namespace Ecom.Tests.Support;

/// <summary>What earlier releases left in their data folders when they were killed in the middle of their work (tests/old-data/record.sh).</summary>
public static class OldData
{
    static string Folder => Repository.File("tests/old-data");

    public static IReadOnlyList<string> Releases { get; } = [.. Directory.GetDirectories(Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    /// <returns>The release's orders, and what became of each or what it waits for.</returns>
    public static IReadOnlyList<(string State, string OrderId)> Unpack(string release, string into)
    {
        Directory.CreateDirectory(into);
        foreach (var packed in Directory.GetFiles(Path.Combine(Folder, release), "*.gz"))
        {
            using var from = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress);
            using var to = File.Create(Path.Combine(into, Path.GetFileNameWithoutExtension(packed)));
            from.CopyTo(to);
        }
        return [.. File.ReadLines(Path.Combine(Folder, release, "orders.txt")).Select(line => line.Split(' ')).Select(words => (words[0], words[1]))];
    }
}
