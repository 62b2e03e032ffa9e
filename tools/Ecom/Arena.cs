namespace Ecom.Tool;

/// <summary>A shop that is to be hit, and how its parts are found.</summary>
abstract class Arena(Addresses addresses, ServiceData data) : IAsyncDisposable
{
    /// <summary>The embedded sidecars' process, all of them at once.</summary>
    public const string Host = "host";

    public Addresses Addresses => addresses;

    public ServiceData Data => data;

    /// <summary>Who is hit.</summary>
    public abstract IReadOnlyList<Target> Targets { get; }

    /// <returns>The process that is this part now; null while it is down.</returns>
    public abstract Victim? Find(string target);

    /// <summary>Has somebody start again what was killed, where nobody does so anyway.</summary>
    public virtual Task BringBack(string target, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>For whoever reads later what happened when.</summary>
    public virtual void Note(string line)
    {
    }

    /// <summary>What there is to look at when something was found; null: nothing of our own.</summary>
    public virtual string? Traces => null;

    /// <summary>Nothing was found: nothing needs to be kept.</summary>
    public virtual void Forget()
    {
    }

    public abstract ValueTask DisposeAsync();
}
