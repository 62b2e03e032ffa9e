using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>`ecom chaos`: while anything is killed, paused and slowed, every customer gets one order, and it ends.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedChaos
{
    /// <summary>Within its first half minute this seed kills the host, once with a paused service, and hits services in all three ways.</summary>
    const string Seed = "26";

    public static bool HasSignals => !OperatingSystem.IsWindows();

    public static bool OnLinux => OperatingSystem.IsLinux();

    [Fact(SkipUnless = nameof(HasSignals), Skip = "Windows has no signals.")]
    public Task Half_a_minute_of_chaos_loses_doubles_and_sticks_nothing() => Survive("0.5", "120", least: 30);

    [Fact(SkipUnless = nameof(HasSignals), Skip = "Windows has no signals.")]
    [Trait("Length", "Long")]
    public Task Nor_does_a_longer_one_of_a_thousand_orders() => Survive("2.5", "420", least: 950);

    static async Task Survive(string minutes, string rate, int least)
    {
        await using var shop = EmbeddedShop.Prepare();

        var (code, figures, output) = await shop.Run("chaos", "--minutes", minutes, "--rate", rate, "--seed", Seed, "--timeout", "180");

        code.ShouldBe(0, output);
        (Count(figures, "lost"), Count(figures, "twice"), Count(figures, "stuck"), Count(figures, "unanswered")).ShouldBe((0, 0, 0, 0), output);
        figures.GetProperty("books_ok").GetBoolean().ShouldBeTrue(output);
        Count(figures, "customers").ShouldBeGreaterThan(least, output);
        foreach (var hit in (string[])["kill   host (pid", "kill   ", "pause  ", "slow   ", "-service (pid"])
            output.ShouldContain(hit);
        output.ShouldContain("the books add up");
        output.ShouldContain($"ecom chaos --seed {Seed} --minutes {minutes}");
        EmbeddedShop.Apps.ShouldAllBe(app => shop.ProcessOf(app) == null);
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Whose port it is, only Linux tells.")]
    public async Task A_shop_that_runs_already_is_paused_and_slowed_but_not_killed()
    {
        await using var shop = await EmbeddedShop.Start(isIsolated: true);
        int?[] before = [.. EmbeddedShop.Apps.Select(shop.ProcessOf)];

        var (code, figures, output) = await shop.Run("chaos", "--attach", "--minutes", "0.4", "--seed", Seed, "--timeout", "180");

        code.ShouldBe(0, output);
        Count(figures, "faults").ShouldBeGreaterThan(2, output);
        output.ShouldNotContain("kill   ");
        EmbeddedShop.Apps.Select(shop.ProcessOf).ShouldBe(before);
        shop.Host.HasExited.ShouldBeFalse();
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Whose port it is, only Linux tells.")]
    public async Task What_somebody_starts_again_is_killed_in_a_shop_that_runs_already()
    {
        await using var shop = await EmbeddedShop.Start(isIsolated: true);
        var before = shop.ProcessOf(AppIds.Order);

        // The host starts its service again: there is nothing to do.
        var (code, _, output) = await shop.Run("chaos", "--attach", "--minutes", "0.4", "--seed", Seed, "--timeout", "180", "--targets", "order", "--restart", "order-service=true");

        code.ShouldBe(0, output);
        output.ShouldContain("kill   order-service (pid");
        shop.ProcessOf(AppIds.Order).ShouldNotBe(before);
    }

    [Fact(SkipUnless = nameof(HasSignals), Skip = "Windows has no signals.")]
    public async Task A_chaos_that_is_killed_leaves_no_shop_behind()
    {
        await using var shop = EmbeddedShop.Prepare();
        await using var chaos = shop.Tool("chaos", "--minutes", "5", "--seed", Seed);
        await chaos.WaitUntil(() => Task.FromResult(chaos.Output.Any(line => line.StartsWith($"seed {Seed}: ", StringComparison.Ordinal))), TimeSpan.FromSeconds(120));

        chaos.Kill();

        await Eventually.Until(
            () => Task.FromResult(EmbeddedShop.Apps.All(app => shop.ProcessOf(app) is null) && Sidecar.Processes.Ports.IsFree(8025 + shop.Offset)), TimeSpan.FromSeconds(60), "the services and their host have ended");
    }

    [Theory]
    [InlineData("--targets", "kafka")]
    [InlineData("--data", "/dev/null/x")]
    public async Task What_it_cannot_do_is_one_line_and_exit_code_2(string option, string value)
    {
        await using var tool = ChildProcess.StartTool(["chaos", option, value]);

        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        tool.Output.ShouldHaveSingleItem().ShouldContain(value);
    }

    static int Count(JsonElement figures, string name) => figures.GetProperty(name).GetInt32();
}
