namespace Ecom.Hosting;

/// <summary>
/// Ends the service when its standard input ends. The embedded host holds the other end: closing it
/// is how it asks a service to stop on every operating system, and it closes by itself when the host is killed.
/// </summary>
sealed class StopWithParent(IHostApplicationLifetime lifetime) : IHostedService
{
    public const string Setting = "ECOM_STOP_WITH_STDIN";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: reading a console or pipe cannot be cancelled everywhere.
        new Thread(Watch) { IsBackground = true, Name = "stop with parent" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    void Watch()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[64];
        try
        {
            while (input.Read(ignored) > 0)
            {
                // Whatever is typed there is not for us.
            }
        }
        catch (IOException)
        {
            // A broken pipe ends as well as a closed one.
        }
        lifetime.StopApplication();
        Thread.Sleep(Patience);
        Environment.Exit(1);
    }
}
