namespace Ecom.Analytics;

/// <summary>A row of analytics: who computes it says it again and better, so what has counted more stands.</summary>
public abstract class AnalyticsRow
{
    /// <summary>The time of the newest event that it counts.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>Which version of the row it is: how much it has counted. 0: it was said by a release that did not tell.</summary>
    public long Sequence { get; init; }

    /// <summary>Whether it stands where <paramref name="kept"/> stood. Of those that do not tell how much they counted, the newer one.</summary>
    public bool Covers(AnalyticsRow kept) => Sequence > kept.Sequence || Sequence == 0 && kept.Sequence == 0 && AsOf >= kept.AsOf;
}

/// <summary>Revenue of a window of one minute.</summary>
public sealed class RevenueWindow : AnalyticsRow
{
    public required DateTimeOffset WindowStart { get; init; }
    public required DateTimeOffset WindowEnd { get; init; }
    public required decimal TotalRevenue { get; init; }
    public required long OrderCount { get; init; }
    public required decimal AvgOrderValue { get; init; }
}

/// <summary>What looks like fraud: one alert per user, type and window.</summary>
public sealed class FraudAlert : AnalyticsRow
{
    public required string UserId { get; init; }
    public required string AlertType { get; init; }
    public required DateTimeOffset WindowStart { get; init; }
    public required DateTimeOffset WindowEnd { get; init; }
    public required string Severity { get; init; }
    public required string Details { get; init; }
    public string? OrderId { get; init; }
}

/// <summary>An item that was added and not checked out in time.</summary>
public sealed class AbandonedItem : AnalyticsRow
{
    public required string UserId { get; init; }
    public required string ProductId { get; init; }
    public required DateTimeOffset ItemAddedTime { get; init; }
    public required DateTimeOffset DetectedAt { get; init; }
}

/// <summary>Units and revenue of a product in an hour.</summary>
public sealed class ProductVelocity : AnalyticsRow
{
    public required string ProductId { get; init; }
    public required DateTimeOffset WindowStart { get; init; }
    public required DateTimeOffset WindowEnd { get; init; }
    public required long UnitsSold { get; init; }
    public required decimal Revenue { get; init; }
}

/// <summary>Events of a topic in a minute, with a status.</summary>
public sealed class OperationalWindow : AnalyticsRow
{
    public required string MetricName { get; init; }
    public required string Topic { get; init; }
    public required DateTimeOffset WindowStart { get; init; }
    public required DateTimeOffset WindowEnd { get; init; }
    public required decimal Value { get; init; }
    public required string Status { get; init; }
}

/// <summary>What a computation must keep of a batch, as long as it matters.</summary>
public sealed class StreamBatch
{
    public long Id { get; init; }
    public required string Computation { get; init; }

    /// <summary>The newest event that the computation had seen after the batch.</summary>
    public required DateTimeOffset Newest { get; init; }

    /// <summary>When time has passed this, none of the facts matters any more.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>JSON.</summary>
    public required string Facts { get; init; }
}
