namespace Ecom.Tests.Support;

/// <summary>The repository's own files, found from where the test assembly lies.</summary>
public static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The command-line tool, for <c>dotnet</c>.</summary>
    public static string Tool => File("tools/Ecom/bin/ecom.dll");

    public static string File(string path) => Path.Combine(Root, path);

    static string Find(string folder) =>
        System.IO.File.Exists(Path.Combine(folder, "EcomDapr.sln")) ? folder
            : Find(Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar)) ?? throw new InvalidOperationException("EcomDapr.sln is in no parent folder."));
}
