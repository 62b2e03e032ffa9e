using Dapr.Workflow;
using Dapr.Workflow.Worker;
using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ecom.Tests.Workflow;

/// <summary>One turn at a time, without a sidecar: a history in, actions out.</summary>
public sealed class ReplayTests
{
    static readonly DateTime Begun = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [Fact]
    public void The_first_turn_asks_for_the_first_step_only()
    {
        var response = Run(TwoSteps, [], [Turn(), Started()]);

        response.Actions.ShouldHaveSingleItem().ScheduleTask.Name.ShouldBe("First");
        response.Actions[0].Id.ShouldBe(0);
    }

    [Fact]
    public void A_replay_asks_only_for_what_the_history_does_not_have()
    {
        var response = Run(TwoSteps, [Turn(), Started(), Scheduled(0, "First")], [Turn(), Completed(0, "\"one\"")]);

        var action = response.Actions.ShouldHaveSingleItem();
        action.Id.ShouldBe(1);
        action.ScheduleTask.Name.ShouldBe("Second");
        action.ScheduleTask.Input.ShouldBe("\"one\"");
    }

    [Fact]
    public void The_last_turn_completes_with_the_result()
    {
        var response = Run(
            TwoSteps,
            [Turn(), Started(), Scheduled(0, "First"), Turn(), Completed(0, "\"one\""), Scheduled(1, "Second")],
            [Turn(), Completed(1, "\"two\"")]);

        var end = response.Actions.ShouldHaveSingleItem().CompleteWorkflow;
        end.WorkflowStatus.ShouldBe(OrchestrationStatus.Completed);
        end.Result.ShouldBe("\"two\"");
    }

    [Theory]
    [InlineData("Other", "step 0: the history has activity Other, the code asked for activity First")]
    [InlineData("", "step 0: the history has timer, the code asked for activity First")]
    public void A_history_of_other_steps_fails_the_workflow(string activity, string message)
    {
        var step = activity.Length > 0 ? Scheduled(0, activity) : new HistoryEvent { EventId = 0, TimerCreated = new() };

        var response = Run(TwoSteps, [Turn(), Started(), step], [Turn(), Completed(0, "1")]);

        var end = response.Actions.ShouldHaveSingleItem().CompleteWorkflow;
        end.WorkflowStatus.ShouldBe(OrchestrationStatus.Failed);
        end.FailureDetails.ErrorMessage.ShouldStartWith(message);
    }

    [Fact]
    public void A_step_that_the_code_no_longer_takes_fails_the_workflow()
    {
        var response = Run((_, _) => Task.FromResult("done"), [Turn(), Started(), Scheduled(0, "First")], [Turn(), Completed(0, "1")]);

        response.Actions.ShouldHaveSingleItem().CompleteWorkflow.FailureDetails.ErrorMessage
            .ShouldStartWith("step 0: the history has activity First, the code asked for nothing");
    }

    [Fact]
    public void Awaiting_something_else_than_the_context_fails_instead_of_hanging()
    {
        var response = Run(
            async (_, _) =>
            {
                await new TaskCompletionSource().Task;
                return "";
            },
            [], [Turn(), Started()]);

        response.Actions.ShouldHaveSingleItem().CompleteWorkflow.FailureDetails.ErrorMessage.ShouldContain("not its context's");
    }

    [Fact]
    public void Yielding_and_leaving_the_context_keep_to_the_turn()
    {
        var response = Run(
            async (context, _) =>
            {
                await Task.Yield();
                var one = await context.CallActivityAsync<string>("First").ConfigureAwait(false);
                await Task.WhenAll(context.CallActivityAsync<string>("Second", one)).ConfigureAwait(false);
                return "end";
            },
            [Turn(), Started(), Scheduled(0, "First"), Turn(), Completed(0, "\"one\""), Scheduled(1, "Second")],
            [Turn(), Completed(1, "\"two\"")]);

        response.Actions.ShouldHaveSingleItem().CompleteWorkflow.Result.ShouldBe("\"end\"");
    }

    [Fact]
    public void While_suspended_nothing_is_asked_and_events_wait()
    {
        HistoryEvent[] past = [Turn(), Started(), Scheduled(0, "First")];
        HistoryEvent[] suspended = [Turn(), new() { ExecutionSuspended = new() }, Completed(0, "\"one\"")];

        var held = Run(TwoSteps, past, suspended);
        var resumed = Run(TwoSteps, [.. past, .. suspended], [Turn(), new() { ExecutionResumed = new() }]);

        held.Actions.ShouldBeEmpty();
        resumed.Actions.ShouldHaveSingleItem().ScheduleTask.Name.ShouldBe("Second");
    }

    [Fact]
    public void A_termination_wins_over_everything_else_in_the_turn()
    {
        var response = Run(TwoSteps, [Turn(), Started()], [Turn(), new() { ExecutionTerminated = new() { Input = "\"stop\"" } }, Completed(0, "1")]);

        var end = response.Actions.ShouldHaveSingleItem().CompleteWorkflow;
        end.WorkflowStatus.ShouldBe(OrchestrationStatus.Terminated);
        end.Result.ShouldBe("\"stop\"");
    }

    [Fact]
    public void An_event_that_is_there_needs_no_timer()
    {
        var response = Run(
            async (context, _) => await context.WaitForExternalEventAsync<string>("x") + await context.WaitForExternalEventAsync<string>("X", TimeSpan.FromHours(1)),
            [Turn(), Started()], [Turn(), Raised("X", "\"a\""), Raised("x", "\"b\"")]);

        response.Actions.ShouldHaveSingleItem().CompleteWorkflow.Result.ShouldBe("\"ab\"");
    }

    [Fact]
    public void A_wait_with_a_time_out_asks_for_a_timer_of_its_event()
    {
        var response = Run((context, _) => context.WaitForExternalEventAsync<string>("x", TimeSpan.FromHours(1)), [], [Turn(), Started()]);

        var timer = response.Actions.ShouldHaveSingleItem().CreateTimer;
        timer.ExternalEvent.Name.ShouldBe("x");
        timer.FireAt.ToDateTime().ShouldBe(Begun.AddHours(1));
    }

    [Fact]
    public void Time_and_ids_are_the_same_at_each_replay()
    {
        static Task<string> Ask(WorkflowContext context, string? input) =>
            context.CallActivityAsync<string>("First", $"{context.NewGuid()} {context.NewGuid()} {context.CurrentUtcDateTime:O}");

        var once = Run(Ask, [], [Turn(), Started()]).Actions[0].ScheduleTask;
        var again = Run(Ask, [], [Turn(), Started()]).Actions[0].ScheduleTask;

        again.ShouldBe(once);
        once.Input.Split(' ')[0].ShouldNotBe(once.Input.Split(' ')[1].Trim('"'));
    }

    [Fact]
    public void A_patch_holds_for_those_that_come_to_it_and_not_for_those_that_passed_it()
    {
        static async Task<string> Patched(WorkflowContext context, string? input)
        {
            if (context.IsPatched("better"))
                return await context.CallActivityAsync<string>("New");
            return await context.CallActivityAsync<string>("Old");
        }

        var fresh = Run(Patched, [], [Turn(), Started()]);
        var recorded = Turn();
        recorded.WorkflowStarted.Version = fresh.Version;
        var later = Run(Patched, [recorded, Started(), Scheduled(0, "New")], [Turn(), Completed(0, "\"new\"")]);
        var old = Run(Patched, [Turn(), Started(), Scheduled(0, "Old")], [Turn(), Completed(0, "\"old\"")]);

        fresh.Version.Patches.ShouldBe(["better"]);
        later.Actions.ShouldHaveSingleItem().CompleteWorkflow.Result.ShouldBe("\"new\"");
        later.Version.Patches.ShouldBe(["better"]);
        old.Actions.ShouldHaveSingleItem().CompleteWorkflow.Result.ShouldBe("\"old\"");
        old.Version.ShouldBeNull();
    }

    [Fact]
    public void Continuing_as_new_hands_over_the_unread_events()
    {
        var response = Run(
            (context, _) =>
            {
                context.ContinueAsNew("again");
                return Task.FromResult("");
            },
            [], [Turn(), Started(), Raised("x", "1")]);

        // The code ended before the event came: it was not read.
        var end = response.Actions.ShouldHaveSingleItem().CompleteWorkflow;
        end.WorkflowStatus.ShouldBe(OrchestrationStatus.ContinuedAsNew);
        end.Result.ShouldBe("\"again\"");
        end.CarryoverEvents.ShouldHaveSingleItem().EventRaised.Name.ShouldBe("x");
    }

    static async Task<string> TwoSteps(WorkflowContext context, string? input)
    {
        var one = await context.CallActivityAsync<string>("First", input);
        return await context.CallActivityAsync<string>("Second", one);
    }

    static WorkflowResponse Run(Func<WorkflowContext, string?, Task<string>> code, HistoryEvent[] past, HistoryEvent[] fresh)
    {
        var options = new WorkflowRuntimeOptions();
        options.RegisterWorkflow<string?, string>("W", code);
        using var services = new ServiceCollection().BuildServiceProvider();
        var request = new WorkflowRequest { InstanceId = "i1" };
        request.PastEvents.AddRange(past);
        request.NewEvents.AddRange(fresh);
        return new WorkflowTurns(options, services, NullLoggerFactory.Instance).Run(request);
    }

    static HistoryEvent Turn() => new() { EventId = -1, Timestamp = Timestamp.FromDateTime(Begun), WorkflowStarted = new() };

    static HistoryEvent Started() => new() { EventId = -1, ExecutionStarted = new() { Name = "W" } };

    static HistoryEvent Scheduled(int id, string name) => new() { EventId = id, TaskScheduled = new() { Name = name } };

    static HistoryEvent Completed(int id, string result) => new() { EventId = -1, TaskCompleted = new() { TaskScheduledId = id, Result = result } };

    static HistoryEvent Raised(string name, string input) => new() { EventId = -1, EventRaised = new() { Name = name, Input = input } };
}
