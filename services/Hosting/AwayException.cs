namespace Ecom.Hosting;

/// <summary>A part that the work needs does not answer now; the same call may go through later.</summary>
/// <param name="who">As the customer is told: an app id, «The database», «The sidecar».</param>
public sealed class AwayException(string who, Exception? cause = null) : Exception($"{who} does not answer right now.", cause)
{
    public string Who { get; } = who;
}
