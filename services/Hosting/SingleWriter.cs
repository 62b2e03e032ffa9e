namespace Ecom.Hosting;

/// <summary>The line for SQLite's single writer: waiting here is fair and cheap, SQLite's own lock polls.</summary>
public sealed class SingleWriter : IDisposable
{
    readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>Waits for the turn; disposing the answer ends it.</summary>
    public async Task<IDisposable> Enter(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        return new Turn(turn);
    }

    public void Dispose() => turn.Dispose();

    sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
