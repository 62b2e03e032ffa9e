using System.Collections.Concurrent;
using Dapr.Workflow;

namespace Ecom.Tests.Workflow;

/// <summary>What the sample workflows and their tests share: gates, counters, a switch that takes the code back.</summary>
public sealed class Stage
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> gates = new();

    public ConcurrentQueue<(string Instance, string Key)> Calls { get; } = new();

    public ConcurrentQueue<string> Logged { get; } = new();

    public bool CodeIsOld { get; set; }

    public TaskCompletionSource Gate(string instance) => gates.GetOrAdd(instance, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    public int CallsOf(string instance) => Calls.Count(call => call.Instance == instance);
}

/// <summary>One per activity call.</summary>
public sealed class CallScope : IDisposable
{
    public bool Disposed { get; private set; }

    public void Dispose() => Disposed = true;
}

sealed class Shout(Stage stage, CallScope scope) : WorkflowActivity<string, string>
{
    public override async Task<string> RunAsync(WorkflowActivityContext context, string input)
    {
        stage.Calls.Enqueue((context.InstanceId, context.TaskExecutionKey));
        await Task.Yield();
        return scope.Disposed ? "the scope was closed" : input.ToUpperInvariant() + "!";
    }
}

sealed class FailTwice(Stage stage) : WorkflowActivity<string, string>
{
    public override Task<string> RunAsync(WorkflowActivityContext context, string input)
    {
        stage.Calls.Enqueue((context.InstanceId, context.TaskExecutionKey));
        return stage.CallsOf(context.InstanceId) < 3 ? throw new TimeoutException("not yet") : Task.FromResult("at last");
    }
}

sealed class Refuse(Stage stage) : WorkflowActivity<string, string>
{
    public override Task<string> RunAsync(WorkflowActivityContext context, string input)
    {
        stage.Calls.Enqueue((context.InstanceId, context.TaskExecutionKey));
        throw new InvalidOperationException($"refused {input}");
    }
}

sealed class PassGate(Stage stage) : WorkflowActivity<string, string>
{
    public override async Task<string> RunAsync(WorkflowActivityContext context, string input)
    {
        stage.Calls.Enqueue((context.InstanceId, context.TaskExecutionKey));
        await stage.Gate(context.InstanceId).Task;
        return input;
    }
}

static class Samples
{
    static readonly WorkflowTaskOptions ThreeQuickTries = new(new WorkflowRetryPolicy(3, TimeSpan.FromMilliseconds(50), 2.0));

    public static void Register(WorkflowRuntimeOptions options, Stage stage)
    {
        options.RegisterActivity<Shout>();
        options.RegisterActivity<FailTwice>();
        options.RegisterActivity<Refuse>();
        options.RegisterActivity<PassGate>();

        options.RegisterWorkflow<string, string>("Chain", async (context, input) =>
        {
            context.CreateReplaySafeLogger("Chain").LogChain(context.InstanceId);
            var once = await context.CallActivityAsync<string>("Shout", input);
            return await context.CallActivityAsync<string>("Shout", once);
        });
        options.RegisterWorkflow<string, string>("FanOut", async (context, input) =>
            string.Concat(await Task.WhenAll(input.Select(letter => context.CallActivityAsync<string>("PassGate", letter.ToString())))));
        options.RegisterWorkflow<string, string>("TwoEvents", async (context, _) =>
            await context.WaitForExternalEventAsync<string>("first") + await context.WaitForExternalEventAsync<string>("SECOND"));
        options.RegisterWorkflow<string, string>("Patience", async (context, _) =>
        {
            try
            {
                return await context.WaitForExternalEventAsync<string>("never", TimeSpan.FromMilliseconds(200));
            }
            catch (TaskCanceledException)
            {
                return "gave up";
            }
        });
        options.RegisterWorkflow<string, double>("Nap", async (context, _) =>
        {
            var begun = context.CurrentUtcDateTime;
            await context.CreateTimer(TimeSpan.FromMilliseconds(300));
            return (context.CurrentUtcDateTime - begun).TotalMilliseconds;
        });
        options.RegisterWorkflow<string, string>("Retry", (context, activity) =>
            context.CallActivityAsync<string>(activity, "it", ThreeQuickTries));
        options.RegisterWorkflow<string, string>("Catch", async (context, input) =>
        {
            try
            {
                return await context.CallActivityAsync<string>("Refuse", input);
            }
            catch (WorkflowTaskFailedException failure) when (failure.FailureDetails.IsCausedBy<InvalidOperationException>())
            {
                return $"{failure.FailureDetails.ErrorType}: {failure.FailureDetails.ErrorMessage}";
            }
        });
        options.RegisterWorkflow<string, string>("Status", async (context, _) =>
        {
            context.SetCustomStatus(new { Step = "waiting" });
            await context.WaitForExternalEventAsync<string>("go");
            return "done";
        });
        options.RegisterWorkflow<int, int>("Count", async (context, count) =>
        {
            count += await context.WaitForExternalEventAsync<int>("add");
            if (count < 111)
                context.ContinueAsNew(count);
            return count;
        });
        options.RegisterWorkflow<string, string>("Wait", (context, _) => context.WaitForExternalEventAsync<string>("go"));
        options.RegisterWorkflow<int, string>("Deadline", async (context, seconds) =>
        {
            using var stop = new CancellationTokenSource();
            var deadline = context.CreateTimer(TimeSpan.FromSeconds(seconds), stop.Token);
            var fact = context.WaitForExternalEventAsync<string>("go", stop.Token);
            var winner = await Task.WhenAny(deadline, fact);
            return winner == deadline ? "late" : await fact;
        });
        options.RegisterWorkflow<string, string>("Gate", async (context, input) =>
        {
            var passed = await context.CallActivityAsync<string>("PassGate", input);
            return await context.CallActivityAsync<string>("Shout", passed);
        });
        options.RegisterWorkflow<string, string>("Patched", async (context, _) =>
        {
            var patched = !stage.CodeIsOld && context.IsPatched("greet");
            await context.WaitForExternalEventAsync<string>("go");
            return patched ? "patched" : "as it was";
        });
        options.RegisterWorkflow<string, string>("Tell", (context, target) =>
        {
            context.SendEvent(target, "go", "told");
            return Task.FromResult("told");
        });
        options.RegisterWorkflow<string, string>("Detach", (context, id) => context.ScheduleNewDetachedWorkflowAsync("Chain", id, "a"));
        options.RegisterWorkflow<string, string>("ActivityElsewhere", (context, app) =>
            context.CallActivityAsync<string>("Shout", "a", new() { TargetAppId = app }));
        options.RegisterWorkflow<string, string>("ChildElsewhere", (context, app) =>
            context.CallChildWorkflowAsync<string>("Chain", "a", new() { TargetAppId = app }));
        options.RegisterWorkflow<string, string>("ParentOfWait", (context, child) =>
        {
            context.SetCustomStatus(child);
            return context.CallChildWorkflowAsync<string>("Wait", null, new() { InstanceId = child });
        });
        options.RegisterWorkflow<string, string>("Parent", async (context, input) =>
            "child says " + await context.CallChildWorkflowAsync<string>("Chain", input));
    }
}
