using System.Diagnostics;
using Dapr.Workflow;
using Ecom.Orders.Saga;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Workflow;

/// <summary>What a workflow engine and Dapr.Workflow do together, the same on every engine.</summary>
public abstract class WorkflowSuite(SidecarFixture sidecar)
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    protected SidecarFixture Sidecar => sidecar;

    protected DaprWorkflowClient Client => sidecar.Client;

    protected Stage Stage => sidecar.Stage;

    [Fact]
    public async Task A_chain_of_activities_hands_results_on_and_logs_once()
    {
        var id = await Start("Chain", "a");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("A!!");
        state.ReadInputAs<string>().ShouldBe("a");
        state.WorkflowName.ShouldBe("Chain");
        Stage.CallsOf(id).ShouldBe(2);
        Stage.Logged.Count(line => line.Contains(id)).ShouldBe(1);
    }

    [Fact]
    public async Task Activities_run_side_by_side_and_keep_their_order()
    {
        var id = await Start("FanOut", "abc");

        await Eventually.Until(() => Stage.CallsOf(id) >= 3, Deadline, "all three wait at the gate");
        Stage.Gate(id).SetResult();

        (await End(id)).ReadOutputAs<string>().ShouldBe("abc");
    }

    [Fact]
    public async Task An_event_is_taken_whether_it_comes_before_or_after_the_wait()
    {
        var id = await Start("TwoEvents");
        await Client.RaiseEventAsync(id, "second", "2");
        await Client.RaiseEventAsync(id, "First", "1");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("12");
    }

    [Fact]
    public async Task A_wait_that_takes_too_long_is_cancelled()
    {
        var id = await Start("Patience");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("gave up");
    }

    [Fact]
    public async Task A_timer_fires_when_its_time_has_come()
    {
        var id = await Start("Nap");

        var state = await End(id);

        state.ReadOutputAs<double>().ShouldBeGreaterThanOrEqualTo(299);
    }

    [Fact]
    public async Task A_deadline_is_given_up_when_the_fact_comes_first()
    {
        var id = await Start("Deadline", 3_600);
        await Client.RaiseEventAsync(id, "go", "in time");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("in time");
    }

    [Fact]
    public async Task A_failing_activity_is_tried_again_and_each_try_has_a_key_of_its_own()
    {
        var id = await Start("Retry", "FailTwice");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("at last");
        var keys = Stage.Calls.Where(call => call.Instance == id).Select(call => call.Key).ToList();
        keys.Count.ShouldBe(3);
        keys.ShouldBeUnique();
    }

    [Fact]
    public async Task Retries_end_and_the_workflow_fails_with_the_cause()
    {
        var id = await Start("Retry", "Refuse");

        var state = await End(id);

        state.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
        state.FailureDetails!.ErrorType.ShouldBe(typeof(WorkflowTaskFailedException).FullName);
        state.FailureDetails.ErrorMessage.ShouldContain("refused it");
        Stage.CallsOf(id).ShouldBe(3);
    }

    [Fact]
    public async Task A_workflow_can_catch_an_activity_that_failed()
    {
        var id = await Start("Catch", "x");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("System.InvalidOperationException: refused x");
    }

    [Fact]
    public async Task Unknown_workflows_fail_and_say_so()
    {
        var id = await Start("Nobody");

        var state = await End(id);

        state.RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Failed);
        state.FailureDetails!.ErrorMessage.ShouldContain("Nobody");
    }

    [Fact]
    public async Task The_custom_status_is_seen_while_the_workflow_waits()
    {
        var id = await Start("Status");

        await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(id)).ReadCustomStatusAs<Status>()?.Step == "waiting", Deadline, "status");

        await Client.RaiseEventAsync(id, "go");
        (await End(id)).ReadCustomStatusAs<Status>()!.Step.ShouldBe("waiting");
    }

    [Fact]
    public async Task Continuing_as_new_keeps_the_events_that_nobody_read()
    {
        var id = await Start("Count", 0);
        foreach (var number in new[] { 1, 10, 100 })
            await Client.RaiseEventAsync(id, "add", number);

        var state = await End(id);

        state.ReadOutputAs<int>().ShouldBe(111);
    }

    [Fact]
    public async Task A_child_workflow_answers_its_parent()
    {
        var id = await Start("Parent", "hi");

        var state = await End(id);

        state.ReadOutputAs<string>().ShouldBe("child says HI!!");
    }

    [Fact]
    public async Task A_terminated_workflow_ends_where_it_is()
    {
        var id = await Start("Wait");

        await Client.TerminateWorkflowAsync(id, "enough");

        (await End(id)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Terminated);
    }

    [Fact]
    public async Task A_suspended_workflow_keeps_its_events_until_it_is_resumed()
    {
        var id = await Start("TwoEvents");
        await Client.SuspendWorkflowAsync(id, "lunch");
        await Client.RaiseEventAsync(id, "first", "1");
        await Client.RaiseEventAsync(id, "second", "2");
        await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(id)).RuntimeStatus == WorkflowRuntimeStatus.Suspended, Deadline, "it is suspended");

        await Client.ResumeWorkflowAsync(id);

        (await End(id)).ReadOutputAs<string>().ShouldBe("12");
    }

    [Fact]
    public async Task A_purged_workflow_is_gone_and_its_id_free()
    {
        var id = await Start("Chain", "a");
        await End(id);

        (await Client.PurgeInstanceAsync(id)).ShouldBeTrue();

        (await Client.GetWorkflowStateAsync(id)).Exists.ShouldBeFalse();
        await Should.ThrowAsync<RpcException>(() => Client.PurgeInstanceAsync(id));
        // daprd may still be putting the old one away, and then refuses the new one: "possible etag mismatch".
        await Eventually.Get(() => Client.ScheduleNewWorkflowAsync("Chain", id, "b")!, Deadline, "the id is free");
        (await End(id)).ReadOutputAs<string>().ShouldBe("B!!");
    }

    [Fact]
    public async Task An_id_cannot_be_used_again_while_it_is_active()
    {
        var id = await Start("Wait");

        var refusal = await Should.ThrowAsync<RpcException>(() => Client.ScheduleNewWorkflowAsync("Wait", id));

        refusal.Status.Detail.ShouldContain($"an active workflow with ID '{id}' already exists");
        await Should.ThrowAsync<RpcException>(() => Client.PurgeInstanceAsync(id));
        (await Client.GetWorkflowStateAsync(id)).Exists.ShouldBeTrue();
        await Client.TerminateWorkflowAsync(id);
    }

    [Fact]
    public async Task An_event_for_an_unknown_workflow_is_refused()
    {
        var refusal = await Should.ThrowAsync<RpcException>(() => Client.RaiseEventAsync(NewId(), "go"));

        refusal.Status.Detail.ShouldContain("no such instance exists");
    }

    [Fact]
    public async Task Signals_for_a_workflow_that_has_ended_change_nothing()
    {
        var id = await Start("Chain", "a");
        await End(id);

        await Client.RaiseEventAsync(id, "go");
        await Client.TerminateWorkflowAsync(id, "late");

        (await End(id)).RuntimeStatus.ShouldBe(WorkflowRuntimeStatus.Completed);
    }

    [Fact]
    public async Task Work_goes_on_in_the_next_process_when_a_worker_dies()
    {
        var id = await Start("Gate", "through");
        await Eventually.Until(() => Stage.CallsOf(id) == 1, Deadline, "the first activity runs");

        await Sidecar.RestartApp();
        await Eventually.Until(() => Stage.CallsOf(id) >= 2, Deadline, "the activity is delivered again");
        Stage.Gate(id).SetResult();

        (await End(id)).ReadOutputAs<string>().ShouldBe("THROUGH!");
    }

    [Fact]
    public async Task A_workflow_that_patched_code_began_waits_for_patched_code()
    {
        var id = await Start("Patched");
        await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(id)).IsWorkflowRunning, Deadline, "the first turn is run");

        Stage.CodeIsOld = true;
        await Client.RaiseEventAsync(id, "go");
        await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(id)).RuntimeStatus == WorkflowRuntimeStatus.Stalled, Deadline, "the workflow stalls");
        Stage.CodeIsOld = false;
        await Sidecar.RestartAppOfStalled();

        (await End(id)).ReadOutputAs<string>().ShouldBe("patched");
    }

    /// <summary>Fails for a change of the saga that is not behind a patch: its steps are then not those of the histories that there are.</summary>
    [Fact]
    public async Task An_order_that_the_last_releases_saga_began_ends_under_todays_wherever_it_was()
    {
        foreach (var (path, id) in await BeginByTheLastRelease(nameof(OrderSaga)))
        {
            (await End(id)).ReadOutputAs<string>().ShouldBe(path.End, path.Name);
            (await StepsOf(id)).ShouldBe(path.Steps, path.Name);
        }
    }

    [Fact]
    public async Task A_saga_with_a_step_more_behind_a_patch_ends_old_orders_the_old_way_and_new_ones_the_new()
    {
        foreach (var (path, id) in await BeginByTheLastRelease(SagaVersions.Careful))
        {
            (await End(id)).ReadOutputAs<string>().ShouldBe(path.End, path.Name);
            (await StepsOf(id)).ShouldBe(path.Steps, path.Name);
        }

        var isNew = await Start(SagaVersions.Careful, new SagaInput("ORD-1"));
        await Tell(isNew, SagaPath.All[0].Facts);
        await End(isNew);
        (await StepsOf(isNew)).ShouldBe([SagaVersions.Check, .. SagaPath.All[0].Steps]);
    }

    [Fact]
    public async Task A_saga_with_a_step_more_and_no_patch_is_found_out()
    {
        var orders = await BeginByTheLastRelease(SagaVersions.Careless);

        await Eventually.Until(
            async () =>
            {
                foreach (var (path, id) in orders)
                    if (await StepsOf(id) is var steps && !path.Steps.Take(steps.Count).SequenceEqual(steps))
                        return true;
                return false;
            },
            Deadline,
            "steps that no history had");
        foreach (var (_, id) in orders)
            await Client.TerminateWorkflowAsync(id);
    }

    /// <summary>What the saga has asked for; a sidecar may have had it done more than once.</summary>
    async Task<IReadOnlyList<string>> StepsOf(string id) => [.. (await Sidecar.HistoryOf(id)).Where(e => e.TaskScheduled is not null).Select(e => e.TaskScheduled.Name)];

    /// <summary>For each path an order that stands still before each of its facts; then today's code comes, and the rest is told.</summary>
    async Task<IReadOnlyList<(SagaPath Path, string Id)>> BeginByTheLastRelease(string saga)
    {
        Stage.CodeIsOld = true;
        List<(SagaPath Path, string Id, int Told)> orders = [];
        foreach (var path in SagaPath.All)
            for (var told = 0; told < path.Facts.Length; told++)
            {
                orders.Add((path, await Start(saga, new SagaInput("ORD-1")), told));
                await Tell(orders[^1].Id, path.Facts[..told]);
            }
        // A step whose answer is not in the history when the app goes is taken again.
        foreach (var (path, id, told) in orders)
            await Eventually.Until(async () => (await Sidecar.HistoryOf(id)).Count(e => e.TaskCompleted is not null) == path.Facts.Take(told).Count(fact => fact.Step is not null), Deadline, "it stands where it is to");
        foreach (var (_, id, _) in orders)
            await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(id)).ReadCustomStatusAs<string>() is { Length: > 0 }, Deadline, "its first turn is run");
        await Sidecar.RestartApp(() =>
        {
            Stage.CodeIsOld = false;
            return Task.CompletedTask;
        });
        foreach (var (path, id, told) in orders)
            await Tell(id, path.Facts[told..]);
        return [.. orders.Select(order => (order.Path, order.Id))];
    }

    /// <summary>Between two apps daprd has no workflows for a moment, and says so.</summary>
    async Task Tell(string id, IEnumerable<(string Fact, string? Step)> facts)
    {
        foreach (var (fact, _) in facts)
            await Eventually.Until(
                async () =>
                {
                    try
                    {
                        await Client.RaiseEventAsync(id, OrderSaga.FactEvent, new OrderFact(fact, null));
                        return true;
                    }
                    catch (RpcException e) when (e.Status.Detail.EndsWith("not registered", StringComparison.Ordinal))
                    {
                        return false;
                    }
                },
                Deadline,
                "the sidecar knows the app");
    }

    [Fact]
    public async Task A_purge_takes_the_children_along()
    {
        var child = NewId();
        var id = await Start("ParentOfWait", child);
        await Eventually.Until(async () => (await Client.GetWorkflowStateAsync(child)).IsWorkflowRunning, Deadline, "the child runs");
        await Client.RaiseEventAsync(child, "go", "on");
        await End(id);

        await Client.PurgeInstanceAsync(id);

        (await Client.GetWorkflowStateAsync(child)).Exists.ShouldBeFalse();
    }

    [Fact]
    public async Task The_history_tells_what_a_workflow_did_and_why_it_waited()
    {
        var retried = await Start("Retry", "FailTwice");
        var impatient = await Start("Patience");
        await End(retried);
        await End(impatient);

        var tries = await Sidecar.HistoryOf(retried);
        tries.Count(e => e.TaskScheduled is not null).ShouldBe(3);
        tries.Count(e => e.TimerCreated?.ActivityRetry is not null).ShouldBe(2);
        tries[^1].ExecutionCompleted.ShouldNotBeNull();
        (await Sidecar.HistoryOf(impatient)).Single(e => e.TimerCreated is not null).TimerCreated.ExternalEvent.Name.ShouldBe("never");
    }

    [Fact]
    public async Task Activities_are_spans_of_the_trace_that_started_the_workflow()
    {
        var spans = new List<Activity>();
        using var source = new ActivitySource("test");
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name is "Dapr.Workflow" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        ActivityTraceId trace;
        using (var root = source.StartActivity("order")!)
        {
            trace = root.TraceId;
            await End(await Start("Chain", "a"));
        }

        await Eventually.Until(
            () =>
            {
                lock (spans)
                    return spans.Count(span => span.TraceId == trace && span.OperationName == "WorkflowActivity Shout") == 2;
            },
            Deadline,
            "a span of each activity");
    }

    [Fact]
    public async Task Instances_are_listed_by_pages()
    {
        var ids = new[] { await Start("Chain", "a"), await Start("Chain", "b"), await Start("Chain", "c") };
        foreach (var id in ids)
            await End(id);

        var listed = new List<string>();
        string? token = null;
        do
        {
            var page = await Client.ListInstanceIdsAsync(token, 2);
            listed.AddRange(page.InstanceIds);
            token = page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(token));

        listed.ShouldBeUnique();
        ids.ShouldBeSubsetOf(listed);
    }

    protected static string NewId() => Guid.NewGuid().ToString("N");

    protected Task<string> Start(string workflow, object? input = null) => Client.ScheduleNewWorkflowAsync(workflow, NewId(), input);

    protected async Task<WorkflowState> End(string id)
    {
        using var deadline = new CancellationTokenSource(Eventually.OnABusyMachine(Deadline));
        return await Client.WaitForWorkflowCompletionAsync(id, cancellation: deadline.Token);
    }

    sealed record Status(string Step);
}
