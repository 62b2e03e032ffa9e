using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The sidecars of `dapr run` find each other by a file (components/config.yaml), and outlive the hour after which Dapr would clean it up.</summary>
[Needs(Runtime.Dapr)]
public sealed class SidecarNames
{
    const string Never = "cleanupInterval: 0s", CleansUp = "Schedule expired data clean up";

    [Fact]
    public async Task A_sidecar_of_the_run_file_never_cleans_up_the_names()
    {
        using var folder = new TempFolder("names");

        await using var sidecar = await Start(folder, Never);

        var log = await sidecar.Log();
        log.ShouldContain("Configuring SQLite name resolution");
        log.ShouldNotContain(CleansUp);
    }

    /// <summary>Why: when a Dapr no longer does this, the setting can go.</summary>
    [Fact]
    public async Task A_sidecar_that_cleans_up_the_names_loses_its_own_and_ends()
    {
        using var folder = new TempFolder("names");

        await using var sidecar = await Start(folder, "cleanupInterval: 10s");

        (await sidecar.Log()).ShouldContain(CleansUp);
        await Eventually.Until(async () => (await sidecar.Log()).Contains("Host registration lost", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "it ends itself");
    }

    static Task<Daprd> Start(TempFolder folder, string cleanup)
    {
        var configuration = RunFile.Shifted().WriteConfiguration(folder, folder.File("names.db"));
        var text = File.ReadAllText(configuration);
        text.ShouldContain(Never);
        File.WriteAllText(configuration, text.Replace(Never, cleanup, StringComparison.Ordinal));
        return Daprd.Start("somebody", Directory.CreateDirectory(folder.File("components")).FullName, configuration);
    }
}
