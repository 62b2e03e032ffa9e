using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Ecom.Sidecar.Workflows;

/// <summary>One change of the store. The changes of one call are kept together or not at all.</summary>
abstract record Change
{
    public sealed record Begin(long Key, string Id) : Change;

    /// <summary>An event that arrived, or a turn that was run.</summary>
    public sealed record Append(long Key, int Number, IMessage Entry) : Change;

    /// <summary>The instance has ended: its log goes, its last state stays.</summary>
    public sealed record End(long Key, IMessage State) : Change;

    public sealed record Forget(long Key) : Change;
}

/// <summary>
/// The engine's file: a log per active instance, the last state of ended ones. One writer puts
/// everything that waits into one transaction, in the order in which it was handed over.
/// </summary>
sealed class WorkflowStore : IAsyncDisposable
{
    static readonly TimeSpan RetentionPause = TimeSpan.FromMinutes(1);
    static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    readonly Channel<Batch> _batches = Channel.CreateUnbounded<Batch>(new() { SingleReader = true });
    readonly StoreFile _file;
    readonly Retention _retention;
    readonly ILogger _log;
    readonly Task _writer;
    DateTime _retainedAt = DateTime.UtcNow;

    public WorkflowStore(string path, Retention retention, ILogger log)
    {
        _file = new StoreFile(path);
        _retention = retention;
        _log = log;
        _writer = Task.Run(WriteAll);
    }

    public StoreFile File => _file;

    /// <summary>Hands the changes over at once; the task ends when they are on disk.</summary>
    public Task Write(params IReadOnlyList<Change> changes)
    {
        var batch = new Batch(changes, new(TaskCreationOptions.RunContinuationsAsynchronously));
        return _batches.Writer.TryWrite(batch) ? batch.Done.Task : Task.FromException(new ObjectDisposedException(nameof(WorkflowStore)));
    }

    public async ValueTask DisposeAsync()
    {
        _batches.Writer.TryComplete();
        await _writer;
        _file.Dispose();
    }

    async Task WriteAll()
    {
        var pending = new List<Batch>();
        while (await _batches.Reader.WaitToReadAsync())
        {
            while (_batches.Reader.TryRead(out var batch))
                pending.Add(batch);
            while (!TryCommit(pending))
            {
                if (_batches.Reader.Completion.IsCompleted)
                    return;
                await Task.Delay(RetryPause);
            }
            foreach (var batch in pending)
                batch.Done.SetResult();
            pending.Clear();
        }
    }

    bool TryCommit(List<Batch> batches)
    {
        try
        {
            var retain = DateTime.UtcNow - _retainedAt > RetentionPause;
            _file.Commit(batches.SelectMany(batch => batch.Changes), retain ? _retention : null);
            _retainedAt = retain ? DateTime.UtcNow : _retainedAt;
            return true;
        }
        catch (Exception error)
        {
            // A full disk, a locked file: nothing has been acknowledged yet, so the same changes are tried again.
            _log.LogError(error, "The workflow store cannot write; trying again");
            return false;
        }
    }

    sealed record Batch(IReadOnlyList<Change> Changes, TaskCompletionSource Done);
}

/// <summary>How long, and how many, ended workflows can be asked for.</summary>
sealed record Retention(TimeSpan Age, int Count);
