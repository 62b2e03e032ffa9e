namespace Ecom.Hosting;

/// <summary>Does the same again and again for as long as the service runs. What fails now is tried again the next time.</summary>
public abstract class PeriodicService(TimeSpan every, TimeProvider clock) : BackgroundService
{
    protected TimeProvider Clock => clock;

    protected abstract Task Work(CancellationToken ct);

    /// <summary>Is told of each failure.</summary>
    protected virtual void Failed(Exception e)
    {
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                try
                {
                    await Work(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    Failed(e);
                }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
