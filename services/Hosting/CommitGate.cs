namespace Ecom.Hosting;

/// <summary>Where the service's writers meet: the line for SQLite's single writer, and the bell that wakes the relay after a commit with news.</summary>
public sealed class CommitGate : IDisposable
{
    readonly SemaphoreSlim writer = new(1, 1);
    readonly SemaphoreSlim bell = new(0, 1);

    public async Task<IDisposable> Enter(CancellationToken ct)
    {
        await writer.WaitAsync(ct);
        return new Turn(writer);
    }

    public void Committed(bool news)
    {
        if (!news || bell.CurrentCount > 0)
            return;
        try
        {
            bell.Release();
        }
        catch (SemaphoreFullException)
        {
            // Two commits rang at once; one ring is enough.
        }
    }

    public Task NewsOr(TimeSpan patience, CancellationToken ct) => bell.WaitAsync(patience, ct);

    public void Dispose()
    {
        writer.Dispose();
        bell.Dispose();
    }

    sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        public void Dispose() => writer.Release();
    }
}
