namespace Ecom.Notifications;

/// <summary>
/// What the administrator has been told of a user's alerts of one type: for each severity the end of the latest window mailed of that was at least as bad.
/// An alert is news when its window starts no earlier. The ends only grow, so that nothing once told of or passed over is news again, in whatever order it comes back.
/// </summary>
public sealed class FraudNotice
{
    public required string UserId { get; init; }
    public required string AlertType { get; init; }
    public required DateTimeOffset MediumUntil { get; init; }
    public required DateTimeOffset HighUntil { get; init; }
    public required DateTimeOffset CriticalUntil { get; init; }
}
