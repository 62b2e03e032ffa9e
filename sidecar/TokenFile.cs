using System.Security.Cryptography;

namespace Ecom.Sidecar;

/// <summary>The token of a host's sidecars, or another secret, in its data folder: for the programs of the person who started it, and for nobody else.</summary>
public static class TokenFile
{
    public const string Name = "api-token";

    /// <returns>The token of the host that has this folder, or had it last; null when there was none.</returns>
    public static string? Read(string folder, string name = Name)
    {
        try { return File.ReadAllText(Path.Combine(folder, name)); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }
    }

    internal static string OrNew(string? token) => token is { Length: > 0 } ? token : RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Anew, because a file that is there keeps its mode, and whoever holds it open would read on.</summary>
    public static void Write(string folder, string token, string name = Name)
    {
        var file = Path.Combine(folder, name);
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write(token);
    }
}
