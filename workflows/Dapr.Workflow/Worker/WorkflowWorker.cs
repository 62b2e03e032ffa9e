using System.Collections.Concurrent;
using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow.Worker;

/// <summary>Reads work from the sidecar's stream, runs it, answers; connects again whenever the stream breaks.</summary>
sealed class WorkflowWorker(SidecarConnection sidecar, WorkflowTurns turns, ActivityCalls activities, ILogger<WorkflowWorker> log) : BackgroundService
{
    const int MaxConcurrent = 100;
    static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    // Work that waits for a slot stays here: daprd gives up on a worker that stops reading for 10 s.
    readonly SemaphoreSlim _turnSlots = new(MaxConcurrent);
    readonly SemaphoreSlim _activitySlots = new(MaxConcurrent);
    readonly ConcurrentDictionary<Task, bool> _running = new();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_running.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _turnSlots.Dispose();
        _activitySlots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.Zero;
        while (!stoppingToken.IsCancellationRequested)
        {
            var begun = Environment.TickCount64;
            try
            {
                await Serve(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                log.Log(pause == TimeSpan.Zero ? LogLevel.Warning : LogLevel.Debug,
                    "No workflow stream from {Sidecar}, connecting again: {Reason}", sidecar.Address, (error as RpcException)?.Status.Detail ?? error.Message);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            var lasted = Environment.TickCount64 - begun > LongestPause.TotalMilliseconds;
            pause = lasted ? TimeSpan.Zero : NextPause(pause);
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static TimeSpan NextPause(TimeSpan pause) =>
        pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(50) : pause * 2 < LongestPause ? pause * 2 : LongestPause;

    async Task Serve(CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var call = sidecar.Client.GetWorkItems(new(), cancellationToken: ended.Token);
        var keepAlive = StayConnected(ended);
        try
        {
            await foreach (var item in call.ResponseStream.ReadAllAsync(stopping))
                Track(Task.Run(() => Handle(item), CancellationToken.None));
        }
        finally
        {
            await ended.CancelAsync();
            await keepAlive;
        }
    }

    /// <summary>Says hello now and then: daprd closes idle connections, and a hello that fails shows a dead one.</summary>
    async Task StayConnected(CancellationTokenSource ended)
    {
        try
        {
            using var timer = new PeriodicTimer(KeepAlive);
            while (await timer.WaitForNextTickAsync(ended.Token))
                await sidecar.Client.HelloAsync(new Empty(), deadline: DateTime.UtcNow + KeepAlive, cancellationToken: ended.Token);
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException)
        {
            await ended.CancelAsync();
        }
    }

    async Task Handle(WorkItem item)
    {
        try
        {
            if (item.RequestCase == WorkItem.RequestOneofCase.WorkflowRequest)
                await RunTurn(item);
            else if (item.RequestCase == WorkItem.RequestOneofCase.ActivityRequest)
                await RunActivity(item);
        }
        catch (RpcException error)
        {
            // The engine delivers again what is not answered when the stream is made anew.
            log.LogWarning("The sidecar did not take the result of {InstanceId}: {Reason}", InstanceOf(item), error.Status.Detail);
        }
        catch (Exception error)
        {
            log.LogError(error, "Work of {InstanceId} could not be run", InstanceOf(item));
        }
    }

    async Task RunTurn(WorkItem item)
    {
        await _turnSlots.WaitAsync();
        try
        {
            var response = turns.Run(item.WorkflowRequest);
            response.CompletionToken = item.CompletionToken;
            await sidecar.Client.CompleteWorkflowTaskAsync(response);
        }
        finally
        {
            _turnSlots.Release();
        }
    }

    async Task RunActivity(WorkItem item)
    {
        await _activitySlots.WaitAsync();
        try
        {
            var response = await activities.Run(item.ActivityRequest);
            response.CompletionToken = item.CompletionToken;
            await sidecar.Client.CompleteActivityTaskAsync(response);
        }
        finally
        {
            _activitySlots.Release();
        }
    }

    void Track(Task task)
    {
        _running[task] = true;
        task.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
    }

    static string InstanceOf(WorkItem item) =>
        item.WorkflowRequest?.InstanceId ?? item.ActivityRequest?.WorkflowInstance.InstanceId ?? "";
}
