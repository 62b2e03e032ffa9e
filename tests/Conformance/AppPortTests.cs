using System.Collections.Concurrent;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Processes;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ecom.Tests.Conformance;

/// <summary>What is not the app is not taken for the app; what is on its way out is waited for.</summary>
public sealed class AppPortTests : IDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    readonly TempFolder folder = new("app-port");
    readonly ConcurrentQueue<string> lines = new();
    readonly int[] ports = Support.Ports.Free(4);
    int asked;

    [Theory]
    [InlineData("""{"service":"another"}""")]
    [InlineData("<html>[a page]</html>")]
    [InlineData("[]")]
    public async Task A_stranger_on_the_port_of_an_app_is_refused_and_named(string health)
    {
        await using var stranger = await Listener(health);

        var wrong = await Should.ThrowAsync<SetupException>(Start());

        wrong.Message.ShouldContain($"the port {ports[0]} of app is taken");
        if (OperatingSystem.IsLinux())
            wrong.Message.ShouldContain($"(pid {Environment.ProcessId})");
    }

    [Fact]
    public async Task An_app_that_lost_its_host_is_waited_for_and_then_started()
    {
        var orphan = await Listener("""{"service":"app"}""");

        var starting = Start();
        await Eventually.Until(() => asked > 1, Deadline, "the host has looked who it is");
        starting.IsCompleted.ShouldBeFalse();
        await orphan.DisposeAsync();
        await using var host = await starting;

        await Eventually.Until(() => lines.Any(line => line.StartsWith("10.", StringComparison.Ordinal)), Deadline, "the app itself is started");
    }

    [Fact]
    public async Task An_app_that_runs_already_is_taken_for_the_app_until_it_ends()
    {
        var debugged = await Listener("""{"service":"app"}""");
        await using var host = await Start();

        await Eventually.Until(() => host.IsReady("app"), Deadline, "it gets its events");
        await Eventually.Until(() => lines.Any(line => line.Contains($"the port {ports[0]} is taken", StringComparison.Ordinal)), Deadline, "it is said");
        await debugged.DisposeAsync();

        await Eventually.Until(() => lines.Any(line => line.StartsWith("10.", StringComparison.Ordinal)), Deadline, "the app itself is started");
    }

    [Fact]
    public void A_port_that_nobody_holds_has_no_holder() => PortHolder.By(ports[0]).ShouldBeEmpty();

    public void Dispose() => folder.Dispose();

    async Task<IAsyncDisposable> Listener(string health)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{ports[0]}");
        var app = builder.Build();
        app.MapGet("/health", () =>
        {
            Interlocked.Increment(ref asked);
            return Results.Text(health, "application/json");
        });
        await app.StartAsync();
        return app;
    }

    Task<EmbeddedHost> Start()
    {
        Directory.CreateDirectory(folder.File("resources"));
        return EmbeddedHost.Start(new EmbeddedHostOptions
        {
            Run = new RunFile([new AppSpec { AppId = "app", Folder = folder.Path, AppPort = ports[0], HttpPort = ports[1], GrpcPort = ports[2], Command = ["dotnet", "--version"] }]),
            ResourcesPath = folder.File("resources"),
            DataFolder = folder.File("data"),
            MailPort = ports[3],
            Output = (_, line) => lines.Enqueue(line),
        });
    }
}
