namespace Ecom.Tests.Support;

/// <summary>A server as a test handles it, in whatever it runs: started, killed, started again on the same data.</summary>
interface IServer : IAsyncDisposable
{
    /// <summary>For the first time, or after its end; returns when it answers.</summary>
    Task Start(Func<Task<bool>> answers, TimeSpan patience);

    /// <summary>The crash.</summary>
    void Kill();

    /// <summary>What it printed last.</summary>
    Task<string> Log();
}

/// <summary>The program itself, where the machine has it.</summary>
sealed class ServerProcess(string name, string program, IReadOnlyList<string> arguments, IDictionary<string, string?>? environment = null, string? folder = null) : IServer
{
    ChildProcess? process;

    public async Task Start(Func<Task<bool>> answers, TimeSpan patience)
    {
        await DisposeAsync();
        process = ChildProcess.Start(name, program, arguments, environment, folder);
        await process.WaitUntil(answers, patience);
    }

    public void Kill() => process?.Kill();

    public Task<string> Log() => Task.FromResult(process?.Tail(200) ?? "");

    public async ValueTask DisposeAsync()
    {
        if (process is null)
            return;
        // Not SIGTERM: on that, PostgreSQL waits until every client has left.
        process.Interrupt();
        await Task.WhenAny(process.WaitForExit(TimeSpan.FromSeconds(20)));
        await process.DisposeAsync();
    }
}
