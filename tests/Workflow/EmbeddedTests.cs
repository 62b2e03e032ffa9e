using Dapr.DurableTask.Protobuf;
using Dapr.Workflow;
using Ecom.Tests.Support;
using HistoryPropagationScope = Dapr.DurableTask.Protobuf.HistoryPropagationScope;

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
        var timed = await Start("Deadline", 2);
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

        (await Client.GetWorkflowStateAsync(paused)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Suspended);
        await Client.ResumeWorkflowAsync(paused);
        (await End(paused)).ReadOutputAs<string>().ShouldBe("on");
        (await End(waiting)).ReadOutputAs<string>().ShouldBe("12");
        (await End(working)).ReadOutputAs<string>().ShouldBe("THROUGH!");
        (await End(timed)).ReadOutputAs<string>().ShouldBe("late");
        (await Client.GetWorkflowStateAsync(ended)).ReadOutputAs<string>().ShouldBe("A!!");
    }

    [Fact]
    public async Task A_late_start_waits_for_its_time()
    {
        var far = await Client.ScheduleNewWorkflowAsync("Chain", NewId(), "a", DateTimeOffset.UtcNow.AddHours(1));
        (await Client.GetWorkflowStateAsync(far)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Pending);
        await Client.TerminateWorkflowAsync(far);
        var begun = DateTimeOffset.UtcNow;
        var id = await Client.ScheduleNewWorkflowAsync("Chain", NewId(), "a", begun.AddMilliseconds(300));

        var state = await End(id);

        (state.LastUpdatedAt - begun).TotalMilliseconds.ShouldBeGreaterThan(299);
    }

    [Fact]
    public async Task A_child_that_is_terminated_fails_its_parent()
    {
        var child = NewId();
        var id = await Start("ParentOfWait", child);
        await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(child)).Exists, Deadline, "the child is there");

        await Client.TerminateWorkflowAsync(child);

        (await End(id)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
    }

    [Fact]
    public async Task A_workflow_goes_on_within_seconds_of_its_sidecar_coming_back()
    {
        var id = await Start("Gate", "through");
        await Eventually.Until(() => Stage.CallsOf(id) == 1, Deadline, "the activity runs");

        await embedded.CrashAndReopen();
        await Eventually.Until(() => Stage.CallsOf(id) >= 2, TimeSpan.FromSeconds(10), "the worker is back: the package waits 5 s");
        Stage.Gate(id).SetResult();

        (await End(id)).ReadOutputAs<string>().ShouldBe("THROUGH!");
    }

    [Fact]
    public async Task An_event_that_a_workflow_sends_reaches_the_other()
    {
        var other = await Start("Wait");

        var teller = await Start("Tell", other);

        (await End(other)).ReadOutputAs<string>().ShouldBe("told");
        (await End(teller)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Completed);
    }

    [Fact]
    public async Task An_event_for_nobody_fails_its_sender()
    {
        var id = await Start("Tell", "nobody");

        var state = await End(id);

        state.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
        state.FailureDetails!.ErrorMessage.ShouldBe("step 0: an event for 'nobody': no such instance exists");
    }

    [Fact]
    public async Task A_detached_workflow_outlives_a_purge_of_its_starter()
    {
        var id = await Start("Detach", NewId());
        var detached = (await End(id)).ReadOutputAs<string>()!;

        (await End(detached)).ReadOutputAs<string>().ShouldBe("A!!");
        await Client.PurgeInstanceAsync(id);
        (await Client.GetWorkflowStateAsync(detached)).Exists.ShouldBeTrue();
    }

    [Fact]
    public async Task A_detached_workflow_with_an_id_in_use_fails_its_starter()
    {
        var other = await Start("Wait");

        var state = await End(await Start("Detach", other));

        state.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
        state.FailureDetails!.ErrorMessage.ShouldEndWith($"an active workflow with ID '{other}' already exists");
    }

    [Theory]
    [InlineData("ActivityElsewhere")]
    [InlineData("ChildElsewhere")]
    public async Task Work_for_another_app_is_refused_and_done_nowhere(string workflow)
    {
        var id = await Start(workflow, "other-app");

        var state = await End(id);

        state.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
        state.FailureDetails!.ErrorMessage.ShouldStartWith("step 0 is for the app 'other-app'");
        (await embedded.HistoryOf(id)).ShouldAllBe(e => e.TaskScheduled == null && e.ChildWorkflowInstanceCreated == null);
        Stage.CallsOf(id).ShouldBe(0);
    }

    public static TheoryData<WorkflowAction, string> StepsNotTaken { get; } = new()
    {
        { new() { Id = 1, TerminateWorkflow = new() { InstanceId = "other" } }, "step 1: the embedded Dapr does not know what to do with 'TerminateWorkflow'" },
        // What a later package would send.
        { new() { Id = 1 }, "step 1: the embedded Dapr does not know what to do with 'None'" },
        { new() { Id = 1, ScheduleTask = new() { Name = "Shout", HistoryPropagationScope = HistoryPropagationScope.Lineage } }, "step 1 hands on its history: the embedded Dapr does not" },
        { new() { Id = 1, CreateChildWorkflow = new() { Name = "Chain", HistoryPropagationScope = HistoryPropagationScope.OwnHistory } }, "step 1 hands on its history: the embedded Dapr does not" },
    };

    [Theory, MemberData(nameof(StepsNotTaken))]
    public async Task A_step_that_the_engine_does_not_know_fails_the_workflow_and_nothing_of_its_turn_is_done(WorkflowAction step, string why)
    {
        var id = await embedded.AnswerByHand(new WorkflowAction { Id = 0, ScheduleTask = new() { Name = "Shout", Input = "\"a\"" } }, step);

        var state = await End(id);

        state.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
        state.FailureDetails!.ErrorMessage.ShouldBe(why);
        (await embedded.HistoryOf(id)).ShouldAllBe(e => e.TaskScheduled == null && e.ChildWorkflowInstanceCreated == null);
        Stage.CallsOf(id).ShouldBe(0);
    }
}
