using Ecom.Tests.Support;
using Repository = Ecom.Tests.Support.Repository;

namespace Ecom.Tests.Unit;

/// <summary>The operators' scripts. What the tool does is tested elsewhere; here <c>dotnet</c> and <c>docker</c> are stand-ins that tell how they were called.</summary>
public sealed class ScriptsTests : IDisposable
{
    readonly TempFolder repository = new("the scripts");

    public void Dispose() => repository.Dispose();

    [Theory]
    [InlineData("clean-database.sh", "tools/Ecom", "clean database")]
    [InlineData("clean-kafka.sh", "tools/Ecom", "clean kafka")]
    [InlineData("run-spark-job.sh", "spark/Jobs", "")]
    public async Task A_script_hands_the_settings_and_what_it_was_told_to_its_program(string script, string project, string verb)
    {
        repository.Write(".env", "KAFKA_BROKERS='its $1, here'\n");

        var output = await Run(script, ["--data", "a folder"]);

        output.ShouldBe(["dotnet", "run", "--project", repository.File(project), "--", .. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--data", "a folder", "with its $1, here"]);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("0123456789ab", true)]
    public async Task Another_zone_restarts_what_runs_in_Docker(string containers, bool restarted)
    {
        var output = await Run("restart-with-timezone.sh", ["Europe/Berlin"], containers);

        output.Take(7).ShouldBe(["dotnet", "run", "--project", "tools/Ecom", "--", "timezone", "Europe/Berlin"]);
        output.Contains("up").ShouldBe(restarted);
    }

    /// <param name="containers">What runs in Docker.</param>
    /// <returns>Each word of each call.</returns>
    async Task<string[]> Run(string script, string[] arguments, string containers = "")
    {
        File.Copy(Repository.File(script), repository.File(script));
        var dotnet = repository.Write("path/dotnet", "#!/bin/sh\nprintf '%s\\n' dotnet \"$@\" ${KAFKA_BROKERS:+\"with $KAFKA_BROKERS\"}\n");
        var docker = repository.Write("path/docker", $"#!/bin/sh\n[ \"$2\" = ps ] && echo {containers} || printf '%s\\n' docker \"$@\"\n");
        await ChildProcess.Run("chmod", ["+x", dotnet, docker]);
        var path = $"{repository.File("path")}:{Environment.GetEnvironmentVariable("PATH")}";
        return (await ChildProcess.Run("sh", [repository.File(script), .. arguments], new Dictionary<string, string?> { ["PATH"] = path, ["KAFKA_BROKERS"] = null })).Split('\n');
    }
}
