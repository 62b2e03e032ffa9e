using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>The health check of a container that has no shell.</summary>
public sealed class SelfCheckTests
{
    [Fact]
    public async Task A_service_that_is_ready_passes_its_own_check()
    {
        await using var service = await ServiceProcess.Start("Cart");
        await Eventually.Until(async () => (await service.Http.GetAsync("/health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(20), "it is ready");

        await using var check = Check(service.Http.BaseAddress!.Port, service.Sidecar.HttpPort);

        (await check.WaitForExit(TimeSpan.FromSeconds(30))).ShouldBe(0, check.Tail());
    }

    [Fact]
    public async Task A_service_that_does_not_answer_fails_it_in_one_line()
    {
        var port = Ports.Free();

        await using var check = Check(port, Ports.Free());

        (await check.WaitForExit(TimeSpan.FromSeconds(30))).ShouldBe(1, check.Tail());
        check.Output.ShouldHaveSingleItem().ShouldStartWith($"the service on port {port} does not answer: ");
    }

    static ChildProcess Check(int port, int sidecarPort) => ChildProcess.Start(
        "check", "dotnet", [Repository.File("services/Cart/bin/Ecom.Cart.dll"), "--check"], new Dictionary<string, string?> { ["APP_PORT"] = $"{port}", ["DAPR_HTTP_PORT"] = $"{sidecarPort}" });
}
