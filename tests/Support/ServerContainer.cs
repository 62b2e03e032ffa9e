using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace Ecom.Tests.Support;

/// <summary>A server in Docker, on a machine that lacks its program; its ports are chosen here, so that it is where it was when it is started again.</summary>
sealed partial class ServerContainer(ContainerBuilder builder) : IServer
{
    readonly IContainer container = builder.Build();

    /// <summary>The same version as in compose.</summary>
    /// <param name="image">Its name there, such as <c>postgres</c>.</param>
    public static ContainerBuilder Of(string image) => new(
        ImageLine().Matches(File.ReadAllText(Repository.File("docker-compose.yml"))).Single(line => line.Groups[1].Value == image).Groups[2].Value);

    /// <summary>A program that needs nothing but itself: it sees the network, the repository and the tests' folders where a program of this machine would, and is the same user.</summary>
    public static ServerContainer AsProgram(string image, string program, IReadOnlyList<string> arguments, IDictionary<string, string?>? environment, string folder)
    {
        var temp = Path.TrimEndingDirectorySeparator(Path.GetTempPath());
        return new(Of(image).WithEntrypoint(program).WithCommand([.. arguments]).WithWorkingDirectory(folder)
            .WithEnvironment((environment ?? new Dictionary<string, string?>()).ToDictionary(e => e.Key, e => e.Value ?? ""))
            .WithBindMount(Repository.Root, Repository.Root).WithBindMount(temp, temp)
            .WithCreateParameterModifier(create => (create.HostConfig!.NetworkMode, create.User) = ("host", $"{UserId()}")));
    }

    public async Task Start(Func<Task<bool>> answers, TimeSpan patience)
    {
        await container.StartAsync();
        try
        {
            await Eventually.Until(answers, patience, $"{container.Image.FullName} answers");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{await Log()}");
        }
    }

    public void Kill() => ChildProcess.Run("docker", ["kill", container.Id]).GetAwaiter().GetResult();

    public async Task<string> Log()
    {
        var (stdout, stderr) = await container.GetLogsAsync();
        return stdout + stderr;
    }

    public ValueTask DisposeAsync() => container.DisposeAsync();

    [GeneratedRegex(@"(?m)^  ([a-z-]+): &[a-z-]+-image (\S+)$")]
    private static partial Regex ImageLine();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint UserId();
}
