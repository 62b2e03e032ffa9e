using Ecom.Tests.Support;

namespace Ecom.Tests.Unit;

/// <summary>`restart-with-timezone.sh`: the zone that mails and pages show is a line of .env.</summary>
public sealed class SetTimeZoneTests : IDisposable
{
    readonly TempFolder repository = new("zone");

    public SetTimeZoneTests()
    {
        repository.Write("EcomDapr.sln", "");
        repository.Write("dapr.yaml", "");
    }

    string Env => File.ReadAllText(repository.File(".env"));

    public void Dispose() => repository.Dispose();

    [Fact]
    public async Task The_zone_takes_the_old_ones_line_and_every_other_line_stays()
    {
        repository.Write(".env", "POSTGRES_HOST=localhost\nTZ=UTC\n# the end\n");

        var (code, output) = await Set("Europe/Berlin");

        code.ShouldBe(0);
        Env.ShouldBe("POSTGRES_HOST=localhost\nTZ=Europe/Berlin\n# the end\n");
        output.ShouldContain(line => line.Contains("dapr run -f dapr.yaml"));
    }

    [Fact]
    public async Task Without_a_file_of_settings_there_is_one_afterwards()
    {
        (await Set("Asia/Kolkata")).Code.ShouldBe(0);

        Env.ShouldBe("TZ=Asia/Kolkata\n");
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("Pacific Standard Time")]
    [InlineData("")]
    public async Task A_zone_that_does_not_exist_is_one_line_and_exit_code_2_and_nothing_is_written(string zone)
    {
        var (code, output) = await Set(zone);

        code.ShouldBe(2);
        output.ShouldHaveSingleItem().ShouldContain($"'{zone}'");
        File.Exists(repository.File(".env")).ShouldBeFalse();
    }

    async Task<(int Code, IReadOnlyCollection<string> Output)> Set(string zone)
    {
        await using var tool = ChildProcess.StartTool(["timezone", zone], folder: repository.Path);
        return (await tool.WaitForExit(TimeSpan.FromSeconds(60)), tool.Output);
    }
}
