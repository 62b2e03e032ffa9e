using Ecom.Tests.Support;

namespace Ecom.Tests.Spark.Support;

/// <summary>For programs outside of the repository: packages of their own, so that none of an earlier run is taken, beside what this machine has.</summary>
static class OwnPackages
{
    public static Dictionary<string, string?> In(TempFolder folder) => new()
    {
        ["NUGET_FALLBACK_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        ["NUGET_PACKAGES"] = folder.File("cache"),
        // Templates, too, are only this folder's.
        ["DOTNET_CLI_HOME"] = folder.File("home"),
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["NuGetAudit"] = "false",
        // Servers of the build that outlive their caller would hold its output.
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
    };
}
