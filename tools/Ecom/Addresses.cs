using Ecom.Sidecar;
using Ecom.Sidecar.Config;

namespace Ecom.Tool;

/// <summary>Where the apps of dapr.yaml, their sidecars, the caught mail and the embedded shop's data are.</summary>
/// <param name="IsEmbedded">The books are files, so the sidecars are the embedded host's.</param>
sealed record Addresses(IReadOnlyList<AppSpec> Apps, int MailPort, string DataFolder, bool IsEmbedded)
{
    public static Addresses Read(ShopChoice choice) => new(
        [.. RunFile.Load(Path.Combine(Repository.Root, "dapr.yaml")).Apps.Select(app => app with
        {
            AppPort = app.AppPort + choice.PortOffset,
            HttpPort = app.HttpPort + choice.PortOffset,
            GrpcPort = app.GrpcPort + choice.PortOffset,
        })],
        8025 + choice.PortOffset,
        choice.DataFolder,
        !choice.OwnData().IsPostgres);

    public Uri App(string appId) => new($"http://localhost:{Spec(appId).AppPort}");

    public Uri Sidecar(string appId) => new($"http://localhost:{Spec(appId).HttpPort}");

    /// <summary>What the shop's doors ask for: of the environment, or as an embedded shop has left it in its folder.</summary>
    public string? Secret(string setting, string file)
    {
        var (given, left) = (Setting.Text(setting), TokenFile.Read(DataFolder, file));
        return IsEmbedded ? left ?? given : given ?? left;
    }

    AppSpec Spec(string appId) => Apps.FirstOrDefault(app => app.AppId == appId) ?? throw new ToolError($"dapr.yaml has no app {appId}");
}
