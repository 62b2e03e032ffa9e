using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ecom.Contracts;

// In the order of an order's life, so that the file reads as the story.

/// <summary>A product, how many, the catalogue's price of one, and of all.</summary>
public sealed record OrderLine(string ProductId, int Quantity, decimal Price, decimal ItemTotal);

/// <summary>A product and how many.</summary>
public sealed record StockLine(string ProductId, int Quantity);

/// <summary>cart → analytics: a customer put a product in the cart.</summary>
public sealed record CartItemAdded(string UserId, string ProductId, int Quantity, decimal Price) : IEvent
{
    public static string Topic => Topics.CartItemAdded;
    string IEvent.Key => UserId;
    public string? Fault() => Check.First(Check.Id("user_id", UserId), Check.Id("product_id", ProductId), Check.Quantity("quantity", Quantity), Check.Money("price", Price));
}

/// <summary>cart → analytics: a customer took a product out of the cart.</summary>
public sealed record CartItemRemoved(string UserId, string ProductId) : IEvent
{
    public static string Topic => Topics.CartItemRemoved;
    string IEvent.Key => UserId;
    public string? Fault() => Check.First(Check.Id("user_id", UserId), Check.Id("product_id", ProductId));
}

/// <summary>cart → order: the customer checked out; the order's id is decided here.</summary>
public sealed record CheckoutInitiated(string OrderId, string UserId, IReadOnlyList<OrderLine> Items, decimal TotalAmount, string? PaymentToken = null) : IAboutOrder
{
    public static string Topic => Topics.CheckoutInitiated;
    string IEvent.Key => UserId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Lines(Items, TotalAmount), Check.Money("total_amount", TotalAmount),
        PaymentToken is null ? null : Check.OneOf("payment_token", PaymentToken, PaymentTokens.All));
}

/// <summary>order → payment: the order exists; charge it.</summary>
public sealed record OrderCreated(string OrderId, string UserId, IReadOnlyList<OrderLine> Items, decimal TotalAmount, string? PaymentToken = null) : IAboutOrder
{
    public static string Topic => Topics.OrderCreated;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Lines(Items, TotalAmount), Check.Money("total_amount", TotalAmount),
        PaymentToken is null ? null : Check.OneOf("payment_token", PaymentToken, PaymentTokens.All));
}

/// <summary>payment → order: the money was taken.</summary>
public sealed record PaymentProcessed(string PaymentId, string OrderId, string UserId, decimal Amount, string Currency, string Method) : IAboutOrder
{
    public static string Topic => Topics.PaymentProcessed;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("payment_id", PaymentId), Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Money("amount", Amount), Check.Text("currency", Currency), Check.Text("method", Method));
}

/// <summary>payment → order: no money was taken, and why.</summary>
public sealed record PaymentFailed(string OrderId, string UserId, string Reason) : IAboutOrder
{
    public static string Topic => Topics.PaymentFailed;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Text("reason", Reason));
}

/// <summary>order → inventory: the order is paid; reserve its stock.</summary>
public sealed record OrderConfirmed(string OrderId, string UserId, IReadOnlyList<OrderLine> Items) : IAboutOrder
{
    public static string Topic => Topics.OrderConfirmed;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Lines(Items, null));
}

/// <summary>inventory → order: all lines of the order are reserved.</summary>
public sealed record InventoryReserved(string OrderId, IReadOnlyList<StockLine> Items) : IAboutOrder
{
    public static string Topic => Topics.InventoryReserved;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Lines(Items));
}

/// <summary>inventory → order, notification: too little stock; <see cref="OrderId"/> is the order that could not be served.</summary>
public sealed record InventoryDepleted(string? OrderId, string ProductId, int Requested, int Available) : IAboutOrder
{
    public static string Topic => Topics.InventoryDepleted;
    string IEvent.Key => ProductId;
    public string? Fault() => Check.First(OrderId is null ? null : Check.Id("order_id", OrderId), Check.Id("product_id", ProductId), Check.Count("requested", Requested), Check.Count("available", Available));
}

/// <summary>inventory → notification: the stock of a product crossed the threshold downwards.</summary>
public sealed record InventoryLow(string ProductId, int CurrentStock, int Threshold) : IEvent
{
    public static string Topic => Topics.InventoryLow;
    string IEvent.Key => ProductId;
    public string? Fault() => Check.First(Check.Id("product_id", ProductId), Check.Count("current_stock", CurrentStock), Check.Count("threshold", Threshold));
}

/// <summary>order → inventory, payment: undo what was done for this order, and do nothing for it from now on.</summary>
public sealed record OrderCancelled(string OrderId, string UserId, string Reason, string CancellationSource) : IAboutOrder
{
    public static string Topic => Topics.OrderCancelled;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Text("reason", Reason), Check.OneOf("cancellation_source", CancellationSource, CancellationSources.All));
}

/// <summary>payment → order: the money was given back.</summary>
public sealed record PaymentRefunded(string PaymentId, string OrderId, string UserId, decimal Amount, string Reason) : IAboutOrder
{
    public static string Topic => Topics.PaymentRefunded;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("payment_id", PaymentId), Check.Id("order_id", OrderId), Check.Id("user_id", UserId), Check.Money("amount", Amount), Check.Text("reason", Reason));
}

/// <summary>inventory → order, analytics: the order's stock went back on the shelf.</summary>
public sealed record InventoryReleased(string OrderId, IReadOnlyList<StockLine> Items) : IAboutOrder
{
    public static string Topic => Topics.InventoryReleased;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("order_id", OrderId), Check.Lines(Items));
}

/// <summary>What a mail to a customer says: the lines and total; for a cancelled order why, and what was refunded.</summary>
public sealed record MailFacts(IReadOnlyList<OrderLine> Items, decimal TotalAmount, string? Reason = null, string? CancellationSource = null, string? ProductId = null, decimal? RefundedAmount = null);

/// <summary>order → notification: tell the customer how the order ended. <see cref="NotificationType"/> is one of <see cref="NotificationTypes"/>.</summary>
public sealed record NotificationSend(string UserId, string RecipientEmail, string NotificationType, string OrderId, MailFacts Data) : IAboutOrder
{
    public static string Topic => Topics.NotificationSend;
    string IEvent.Key => OrderId;
    public string? Fault() => Check.First(Check.Id("user_id", UserId), Check.Id("order_id", OrderId), Check.OneOf("notification_type", NotificationType, NotificationTypes.All), Check.Text("recipient_email", RecipientEmail),
        Check.Lines(Data.Items, null), Check.Money("total_amount", Data.TotalAmount), Check.Text("reason", Data.Reason), Check.Text("cancellation_source", Data.CancellationSource), Check.Text("product_id", Data.ProductId), Check.Money("refunded_amount", Data.RefundedAmount ?? 0));
}

/// <summary>Spark → analytics, notification: a user's behaviour in a window looks like fraud.</summary>
public sealed record FraudDetected(string UserId, string? OrderId, string AlertType, string Severity, string Details, DateTimeOffset WindowStart, DateTimeOffset WindowEnd) : IAboutOrder
{
    public static string Topic => Topics.FraudDetected;
    string IEvent.Key => UserId;
    public string? Fault() => Check.First(Check.Id("user_id", UserId), Check.Text("alert_type", AlertType), Check.Text("severity", Severity), Check.Text("details", Details),
        OrderId is null ? null : Check.Id("order_id", OrderId), Check.Window(WindowStart, WindowEnd));
}

/// <summary>Spark → analytics: revenue of a window of one minute.</summary>
public sealed record RevenueMetrics(DateTimeOffset WindowStart, DateTimeOffset WindowEnd, decimal TotalRevenue, long OrderCount, decimal AvgOrderValue) : IEvent
{
    public static string Topic => Topics.RevenueMetrics;
    string IEvent.Key => WindowStart.UtcDateTime.ToString("O");
    public string? Fault() => Check.First(Check.Window(WindowStart, WindowEnd), Check.Money("total_revenue", TotalRevenue), Check.Count("order_count", OrderCount), Check.Money("avg_order_value", AvgOrderValue));
}

/// <summary>Spark → analytics: an item was added and not checked out within 30 minutes.</summary>
public sealed record CartAbandonment(string UserId, string ProductId, DateTimeOffset ItemAddedTime, DateTimeOffset DetectedAt) : IEvent
{
    public static string Topic => Topics.CartAbandonment;
    string IEvent.Key => UserId;
    public string? Fault() => Check.First(Check.Id("user_id", UserId), Check.Id("product_id", ProductId));
}

/// <summary>Spark → analytics: units and revenue of a product in an hour; the rank is analytics-service's query.</summary>
public sealed record InventoryVelocity(string ProductId, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, long UnitsSold, decimal Revenue) : IEvent
{
    public static string Topic => Topics.InventoryVelocity;
    string IEvent.Key => ProductId;
    public string? Fault() => Check.First(Check.Id("product_id", ProductId), Check.Window(WindowStart, WindowEnd), Check.Count("units_sold", UnitsSold), Check.Money("revenue", Revenue));
}

/// <summary>Spark → analytics: events of a topic in a minute, with a status.</summary>
public sealed record OperationalMetrics(string MetricName, string Topic, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, decimal Value, string Status) : IEvent
{
    static string IEvent.Topic => Topics.OperationalMetrics;
    string IEvent.Key => Topic;
    public string? Fault() => Check.First(Check.Text("metric_name", MetricName), Check.Text("topic", Topic), Check.Text("status", Status), Check.Window(WindowStart, WindowEnd));
}

/// <summary>
/// Any subscriber → analytics: an event that could not be handled, why, and after how many tries.
/// <see cref="Payload"/> is the original record as JSON, or as a base64 string where it is no JSON.
/// </summary>
public sealed record DeadLetter(string OriginalTopic, string? EventId, string ErrorReason, string ErrorType, int RetryCount, DateTimeOffset Timestamp, string Subscriber, JsonElement Payload) : IEvent
{
    public static string Topic => Topics.DeadLetters;
    string IEvent.Key => EventId is { Length: > 0 } id ? id : OriginalTopic;
    public string? Fault() => Check.First(Check.Text("original_topic", OriginalTopic), Check.Text("event_id", EventId), Check.Text("subscriber", Subscriber));
}

/// <summary>Any subscriber → analytics: a dead letter that was sent to it again is applied.</summary>
public sealed record LetterApplied(string LetterId, string Subscriber) : IEvent
{
    public static string Topic => Topics.AppliedLetters;
    string IEvent.Key => LetterId;
    public string? Fault() => Check.First(Check.Text("letter_id", LetterId), Check.Text("subscriber", Subscriber));
}

/// <summary>How many events a topic is expected to have in a minute. That it is none is said, too, also by who leaves defaults out.</summary>
public sealed record TopicRhythm(string Topic, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] decimal PerMinute);

/// <summary>
/// analytics → Spark, analytics: the minute from <see cref="Minute"/> on is over, whether anything happened in it or not; it is the event's time, too.
/// <see cref="Rhythm"/> is each watched topic's mean of the hour before, by which its silence is judged.
/// </summary>
public sealed record Heartbeat(DateTimeOffset Minute, IReadOnlyList<TopicRhythm> Rhythm) : IEvent
{
    public static string Topic => Topics.Heartbeat;
    string IEvent.Key => "minute";
    public string? Fault() => Rhythm.Any(of => of is not { Topic.Length: > 0, PerMinute: >= 0 }) ? "rhythm must say of each topic how many events a minute it has" : null;
}
