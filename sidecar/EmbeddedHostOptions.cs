using Ecom.Sidecar.Config;

namespace Ecom.Sidecar;

/// <summary>An app's program, run inside the host's process in place of its command, until <paramref name="stop"/>.</summary>
/// <param name="environment">What a process of its own would find in its environment.</param>
/// <param name="output">Takes what it would print, line by line.</param>
/// <returns>Its exit code.</returns>
public delegate Task<int> AppProgram(IReadOnlyDictionary<string, string> environment, Action<string> output, CancellationToken stop);

/// <summary>What to host, and where.</summary>
public sealed record EmbeddedHostOptions
{
    /// <summary>Dapr's run file; read unless <see cref="Run"/> says the same in code.</summary>
    public string RunFile { get; init; } = "dapr.yaml";
    public RunFile? Run { get; init; }
    public string ResourcesPath { get; init; } = "components/embedded";
    /// <summary>Everything that must outlive the host. One host at a time may use a folder.</summary>
    public string DataFolder { get; init; } = ".ecom";
    public int MailPort { get; init; } = 8025;
    /// <summary>The clock of the mail page.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;
    /// <summary>Start the apps' commands. Off: somebody else runs them on their ports.</summary>
    public bool StartApps { get; init; } = true;
    /// <summary>By app id: what runs inside this process. Every other app's command is a child process.</summary>
    public IReadOnlyDictionary<string, AppProgram> Programs { get; init; } = new Dictionary<string, AppProgram>();
    /// <summary>On which the sidecars reach those programs, and are reached by them; null: sockets, as for everybody else.</summary>
    public LocalNetwork? Network { get; init; }
    /// <summary>Give every app and sidecar ports that are free now, so that several hosts fit on one machine.</summary>
    public bool FreePorts { get; init; }
    /// <summary>For the apps, on top of the run file's and this process's environment. Null takes a variable away.</summary>
    public IReadOnlyDictionary<string, string?> AppEnvironment { get; init; } = new Dictionary<string, string?>();
    /// <summary>Dapr's tokens: what the API demands, what the apps are shown. By default as daprd reads them; where that is nothing, the host makes its own.</summary>
    public string? ApiToken { get; init; } = Environment.GetEnvironmentVariable("DAPR_API_TOKEN");
    public string? AppToken { get; init; } = Environment.GetEnvironmentVariable("APP_API_TOKEN");
    /// <summary>Lines of the apps and, about them, of the host: app id, line.</summary>
    public Action<string, string> Output { get; init; } = (_, _) => { };
}
