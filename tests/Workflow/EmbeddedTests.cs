using Dapr.Workflow;
using Ecom.Tests.Support;

namespace Ecom.Tests.Workflow;

/// <summary>The suite on the embedded engine, and what only an engine that can be crashed can show.</summary>
public sealed class EmbeddedTests(EmbeddedFixture embedded) : WorkflowSuite(embedded), IClassFixture<EmbeddedFixture>
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Everything_goes_on_after_the_engine_crashed()
    {
        var waiting = await Start("TwoEvents");
        await Client.RaiseEventAsync(waiting, "first", "1");
        var timed = await Start("Deadline");
        var working = await Start("Gate", "through");
        var paused = await Start("Wait");
        await Client.SuspendWorkflowAsync(paused);
        var ended = await Start("Chain", "a");
        await End(ended);
        await Eventually.Until(() => Stage.CallsOf(working) == 1, Deadline, "the activity runs");

        await embedded.CrashAndReopen();
        await Eventually.Until(() => Stage.CallsOf(working) >= 2, Deadline, "the activity is delivered again");
        Stage.Gate(working).SetResult();
        await Client.RaiseEventAsync(waiting, "second", "2");
        await Client.RaiseEventAsync(paused, "go", "on");

        (await Client.GetWorkflowStateAsync(paused))!.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Suspended);
        await Client.ResumeWorkflowAsync(paused);
        (await End(paused)).ReadOutputAs<string>().ShouldBe("on");
        (await End(waiting)).ReadOutputAs<string>().ShouldBe("12");
        (await End(working)).ReadOutputAs<string>().ShouldBe("THROUGH!");
        (await End(timed)).ReadOutputAs<string>().ShouldBe("late");
        (await Client.GetWorkflowStateAsync(ended))!.ReadOutputAs<string>().ShouldBe("A!!");
    }

    [Fact]
    public async Task A_late_start_waits_for_its_time()
    {
        var begun = DateTimeOffset.UtcNow;
        var id = await Client.ScheduleNewWorkflowAsync("Chain", NewId(), "a", begun.AddMilliseconds(300));
        (await Client.GetWorkflowStateAsync(id))!.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Pending);

        var state = await End(id);

        (state.LastUpdatedAt - begun).TotalMilliseconds.ShouldBeGreaterThan(299);
    }

    [Fact]
    public async Task A_child_that_is_terminated_fails_its_parent()
    {
        var id = await Start("ParentOfWait", NewId());
        var child = (await Eventually.Get(async () => (await Client.GetWorkflowStateAsync(id))?.ReadCustomStatusAs<string>(), Deadline, "the child's id"))!;
        await Eventually.Until(async () => await Client.GetWorkflowStateAsync(child) is not null, Deadline, "the child is there");

        await Client.TerminateWorkflowAsync(child);

        (await End(id)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
    }
}
