using Ecom.Tests.Support;

namespace Ecom.Tests.Unit;

/// <summary>`ecom setup`: what opens doors is made up where it is empty in .env, and never overwritten.</summary>
public sealed class SetupSecretsTests : IDisposable
{
    readonly TempFolder repository = new("secrets");

    public SetupSecretsTests()
    {
        repository.Write("EcomDapr.sln", "");
        repository.Write("dapr.yaml", "");
    }

    string Env => File.ReadAllText(repository.File(".env"));

    public void Dispose() => repository.Dispose();

    [Fact]
    public async Task An_empty_or_missing_secret_is_made_and_every_other_line_stays()
    {
        repository.Write(".env", "POSTGRES_PASSWORD=\nAPP_API_TOKEN=\nDAPR_API_TOKEN=mine\n# the end\n");

        var output = await Setup();
        var first = Env;
        var again = await Setup();

        first.ShouldMatch("^POSTGRES_PASSWORD=\nAPP_API_TOKEN=[0-9a-f]{32}\nDAPR_API_TOKEN=mine\n# the end\nECOM_ADMIN_KEY=[0-9a-f]{32}\n$");
        first.Split('\n')[1].Split('=')[1].ShouldNotBe(first.Split('\n')[4].Split('=')[1]);
        output.Count(line => line.StartsWith(".env", StringComparison.Ordinal)).ShouldBe(2);
        string.Join('\n', output).ShouldNotContain(first.Split('\n')[4].Split('=')[1]);
        (Env, again.Count(line => line.StartsWith(".env", StringComparison.Ordinal))).ShouldBe((first, 0));
    }

    [Fact]
    public async Task Without_a_file_of_settings_none_is_made()
    {
        (await Setup()).ShouldNotContain(line => line.StartsWith(".env", StringComparison.Ordinal));

        File.Exists(repository.File(".env")).ShouldBeFalse();
    }

    async Task<IReadOnlyCollection<string>> Setup()
    {
        await using var tool = ChildProcess.StartTool(["setup"], new Dictionary<string, string?> { ["POSTGRES_HOST"] = null, ["ConnectionStrings__Db"] = null, ["KAFKA_BROKERS"] = null }, repository.Path);
        (await tool.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(0, tool.Tail());
        return tool.Output;
    }
}
