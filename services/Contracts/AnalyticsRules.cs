namespace Ecom.Contracts;

/// <summary>The rules of the five analytics. Two compute by them: the Spark jobs, and analytics-service where there is no Spark.</summary>
public static class AnalyticsRules
{
    /// <summary>An event that is not newer than the newest one of the batches before, minus this, is dropped.</summary>
    public static TimeSpan Lateness { get; } = TimeSpan.FromMinutes(10);

    /// <summary>How far an event may be ahead of a clock that can be trusted, the broker's or the service's: one from the future would make what comes after it late.</summary>
    public static TimeSpan Ahead { get; } = TimeSpan.FromMinutes(1);

    /// <summary>A cart is left when this passes after an addition without a checkout or removal.</summary>
    public static TimeSpan CartPatience { get; } = TimeSpan.FromMinutes(30);

    /// <summary>The most that numeric(12,2) holds: a larger sum stays at it.</summary>
    public static decimal Capped(decimal sum) => Math.Min(sum, Check.MaxMoney);
}

/// <summary>Alerts of a user's orders and failed payments in five minutes: each when there are more than allowed.</summary>
public static class FraudRules
{
    public const string Frequency = "unusual_order_frequency", Value = "high_order_value", Failures = "multiple_failed_payments";
    public const string Critical = "CRITICAL", High = "HIGH", Medium = "MEDIUM";

    public const int OrdersAllowed = 3, FailuresAllowed = 2;
    public const decimal AmountAllowed = 1000m;

    /// <summary>More than these make the alert CRITICAL instead of HIGH; failed payments are always MEDIUM.</summary>
    public const int OrdersHigh = 5;
    public const decimal AmountHigh = 5000m;

    public static IReadOnlyList<string> Severities { get; } = [Critical, High, Medium];
}

/// <summary>Whether everything flows: each topic's events in a minute, and what they mean.</summary>
public static class FlowRules
{
    public const string Metric = "events_per_minute";

    /// <summary>
    /// How many events a job (the row's topic is its name) dropped in a batch because they came too late; the window is the time of
    /// the batch, by the clock. Always a <see cref="Warning"/>: the job's own rows lack them.
    /// </summary>
    public const string LateMetric = "late_events";

    public const string Healthy = "HEALTHY", Warning = "WARNING", Critical = "CRITICAL";

    /// <summary>Every topic of the shop's own events: not the results, and not the heartbeat.</summary>
    public static IReadOnlyList<string> Watched { get; } = [.. Topics.All.Where(topic => topic != Topics.Heartbeat && !topic.StartsWith("analytics.", StringComparison.Ordinal))];

    /// <summary>Topics on which every order shows: in a minute that is over, silence tells something.</summary>
    public static IReadOnlyList<string> Flow { get; } =
    [
        Topics.CartItemAdded, Topics.CheckoutInitiated, Topics.OrderCreated, Topics.PaymentProcessed,
        Topics.OrderConfirmed, Topics.InventoryReserved, Topics.NotificationSend,
    ];

    /// <summary>From how many events on that a topic's rhythm made one expect. By chance none of 5 comes in 7 of 1,000 minutes, none of 10 in 5 of 100,000.</summary>
    public const int SilenceWarning = 5, SilenceCritical = 10;

    /// <summary>The rhythm is the mean of so much time before the minute.</summary>
    public static TimeSpan Memory { get; } = TimeSpan.FromHours(1);

    /// <summary>Topics that tell of trouble, from these counts on. Every other topic is HEALTHY, silent or not.</summary>
    public static IReadOnlyList<string> Trouble { get; } = [Topics.PaymentFailed, Topics.InventoryDepleted, Topics.OrderCancelled, Topics.FraudDetected, Topics.DeadLetters];
    public const int TroubleWarning = 10, TroubleCritical = 50;

    public static IReadOnlyList<string> Statuses { get; } = [Healthy, Warning, Critical];

    /// <summary>What a topic's events in a minute mean.</summary>
    /// <param name="expected">By the heartbeat of the minute; null: it has not come, and the minute may not be over.</param>
    public static string Status(string topic, long events, decimal? expected) =>
        events == 0 && Flow.Contains(topic) ? expected >= SilenceCritical ? Critical : expected >= SilenceWarning ? Warning : Healthy
        : !Trouble.Contains(topic) ? Healthy
        : events >= TroubleCritical ? Critical
        : events >= TroubleWarning ? Warning
        : Healthy;

    /// <summary>Which version of a row it is: that of a minute that is over comes after that of one that may not be.</summary>
    public static long Version(long events, bool isOver) => 2 * events + (isOver ? 1 : 0);
}
