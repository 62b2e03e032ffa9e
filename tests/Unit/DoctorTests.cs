using System.Net;
using System.Net.Sockets;
using Ecom.Tests.Support;

namespace Ecom.Tests.Unit;

/// <summary>`doctor`, on a machine whose Docker, or whose run file, is made up.</summary>
public sealed class DoctorTests
{
    [Theory]
    [InlineData("2000000000", "lacks")]
    [InlineData("8123456789", "has")]
    public async Task It_says_whether_Docker_has_the_memory_for_the_shop(string bytes, string answer)
    {
        using var folder = new TempFolder("doctor");
        await ChildProcess.Run("chmod", ["+x", folder.Write("docker", $"#!/bin/sh\necho {bytes}\n")]);

        await using var doctor = ChildProcess.StartTool(["doctor"],
            new Dictionary<string, string?> { ["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}" });
        await doctor.WaitForExit(TimeSpan.FromSeconds(60));

        doctor.Output.Single(line => line.Contains("5 GB for Docker")).ShouldContain($" {answer} ");
    }

    [Fact]
    public async Task It_names_the_program_that_holds_a_port_of_the_shop()
    {
        using var folder = new TempFolder("doctor");
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var port = ((IPEndPoint)stranger.LocalEndpoint).Port;
        folder.Write("EcomDapr.sln", "");
        folder.Write("dapr.yaml", $"version: 1\napps:\n  - appID: cart-service\n    appDirPath: .\n    appPort: {port}\n    daprHTTPPort: {Ports.Free()}\n    daprGRPCPort: {Ports.Free()}\n");

        await using var doctor = ChildProcess.StartTool(["doctor"], folder: folder.Path);
        await doctor.WaitForExit(TimeSpan.FromSeconds(60));

        var said = doctor.Output.First(line => line.Contains("the ports of dapr.yaml"));
        said.ShouldContain(OperatingSystem.IsLinux() ? $"(pid {Environment.ProcessId}) on {port}" : $"on {port}");
    }
}
