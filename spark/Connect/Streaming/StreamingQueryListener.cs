namespace Ecom.Spark.Connect.Streaming;

/// <summary>A stream began.</summary>
/// <param name="Id">The same for every start from one checkpoint.</param>
/// <param name="RunId">New for every start.</param>
/// <param name="Name">The name given at the start; null: none.</param>
/// <param name="Timestamp">When.</param>
public sealed record QueryStarted(string Id, string RunId, string? Name, DateTimeOffset Timestamp);

/// <summary>A stream found nothing new for a while.</summary>
/// <param name="Id">The same for every start from one checkpoint.</param>
/// <param name="RunId">New for every start.</param>
/// <param name="Timestamp">When.</param>
public sealed record QueryIdle(string Id, string RunId, DateTimeOffset Timestamp);

/// <summary>A stream ended.</summary>
/// <param name="Id">The same for every start from one checkpoint.</param>
/// <param name="RunId">New for every start.</param>
/// <param name="Exception">Why it failed; null: it was stopped, or had read all that was there.</param>
/// <param name="ErrorClass">Spark's class of that error; null where Spark has none.</param>
public sealed record QueryTerminated(string Id, string RunId, string? Exception, string? ErrorClass);

/// <summary>
/// Hears what becomes of the streams of a session, after <see cref="StreamingQueryManager.AddListener"/>. It is called on a
/// thread of its own, one event after another; an exception that it throws is traced, and the next event comes all the same.
/// </summary>
public abstract class StreamingQueryListener
{
    /// <summary>A stream began: told before the call that starts it returns, and only of streams that this session starts.</summary>
    public virtual void OnQueryStarted(QueryStarted started)
    {
    }

    /// <summary>A batch is done.</summary>
    public virtual void OnQueryProgress(StreamingQueryProgress progress)
    {
    }

    /// <summary>Nothing new came for a while.</summary>
    public virtual void OnQueryIdle(QueryIdle idle)
    {
    }

    /// <summary>A stream ended.</summary>
    public virtual void OnQueryTerminated(QueryTerminated terminated)
    {
    }
}
