using System.Globalization;

namespace Ecom.Sidecar.Processes;

/// <summary>Who holds a port of this machine, as far as the system tells: Linux does, in /proc.</summary>
public static class PortHolder
{
    const string Listening = "0A";

    /// <returns>Such as <c>java (pid 4711)</c>; null where nobody is found. Also whose outgoing connection has the port.</returns>
    public static string? Of(int port) => Sockets(port).OrderByDescending(s => s.State == Listening).Select(s => Owner(s.Inode)).FirstOrDefault() is { } id ? $"{Name($"/proc/{id}")} (pid {id})" : null;

    /// <returns>The process that listens there; null where nobody is found, or somebody else's.</returns>
    public static int? ListenerOf(int port) => Sockets(port).Where(s => s.State == Listening).Select(s => Owner(s.Inode)).FirstOrDefault();

    /// <summary>For a sentence: <c> by java (pid 4711)</c>, or nothing.</summary>
    public static string By(int port) => Of(port) is { } holder ? $" by {holder}" : "";

    static IEnumerable<(string State, string Inode)> Sockets(int port) =>
        OperatingSystem.IsLinux() ? [.. Sockets("/proc/net/tcp", port), .. Sockets("/proc/net/tcp6", port)] : [];

    static int? Owner(string inode) => Directory.EnumerateDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _) && Holds(folder, $"socket:[{inode}]"))
        .Select(folder => (int?)int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)).FirstOrDefault();

    static IEnumerable<(string State, string Inode)> Sockets(string table, int port)
    {
        var ending = $":{port:X4}";
        return Lines(table).Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(cells => cells.Length > 9 && cells[1].EndsWith(ending, StringComparison.Ordinal) && cells[9] != "0").Select(cells => (cells[3], cells[9]));
    }

    static bool Holds(string process, string socket)
    {
        try { return Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(file => new FileInfo(file).LinkTarget == socket); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; /* it has ended, or is somebody else's */ }
    }

    /// <summary>`dotnet` alone says little: the program that it runs is named, too.</summary>
    static string Name(string process)
    {
        var arguments = Lines(Path.Combine(process, "cmdline")).FirstOrDefault("").Split('\0');
        var name = Lines(Path.Combine(process, "comm")).FirstOrDefault("?");
        return name == "dotnet" && arguments.Length > 1 ? $"{name} {Path.GetFileName(arguments[1])}" : name;
    }

    static string[] Lines(string file)
    {
        try { return File.ReadAllLines(file); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return []; }
    }
}
