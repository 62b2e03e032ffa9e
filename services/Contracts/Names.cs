namespace Ecom.Contracts;

/// <summary>The Dapr app ids, which are also the <c>source</c> of each event and the root of the consumer group names.</summary>
public static class AppIds
{
    public const string Cart = "cart-service";
    public const string Order = "order-service";
    public const string Payment = "payment-service";
    public const string Inventory = "inventory-service";
    public const string Notification = "notification-service";
    public const string Analytics = "analytics-service";
}

/// <summary>The Dapr component names, equal in every way of running.</summary>
public static class Components
{
    public const string PubSub = "pubsub";
    public const string CartStore = "cartstore";
    public const string OrderStore = "orderstore";
    public const string Mail = "mail";
    public const string SecretStore = "secretstore";
}

/// <summary>The topics. A topic's name is the CloudEvents <c>type</c> of the events on it.</summary>
public static class Topics
{
    public const string CartItemAdded = "cart.item_added";
    public const string CartItemRemoved = "cart.item_removed";
    public const string CheckoutInitiated = "cart.checkout_initiated";
    public const string OrderCreated = "order.created";
    public const string PaymentProcessed = "payment.processed";
    public const string PaymentFailed = "payment.failed";
    public const string OrderConfirmed = "order.confirmed";
    public const string InventoryReserved = "inventory.reserved";
    public const string InventoryDepleted = "inventory.depleted";
    public const string InventoryLow = "inventory.low";
    public const string OrderCancelled = "order.cancelled";
    public const string PaymentRefunded = "payment.refunded";
    public const string InventoryReleased = "inventory.released";
    public const string NotificationSend = "notification.send";
    public const string FraudDetected = "fraud.detected";
    public const string RevenueMetrics = "analytics.revenue_metrics";
    public const string CartAbandonment = "analytics.cart_abandonment";
    public const string InventoryVelocity = "analytics.inventory_velocity";
    public const string OperationalMetrics = "analytics.operational_metrics";
    public const string AppliedLetters = "analytics.applied_letters";
    public const string DeadLetters = "dlq.events";
    public const string Heartbeat = "shop.heartbeat";

    public static IReadOnlyList<string> All { get; } =
    [
        CartItemAdded, CartItemRemoved, CheckoutInitiated, OrderCreated, PaymentProcessed, PaymentFailed, OrderConfirmed,
        InventoryReserved, InventoryDepleted, InventoryLow, OrderCancelled, PaymentRefunded, InventoryReleased,
        NotificationSend, FraudDetected, RevenueMetrics, CartAbandonment, InventoryVelocity, OperationalMetrics, AppliedLetters, DeadLetters, Heartbeat,
    ];
}

/// <summary>The tokens a checkout may carry to force the payment's outcome, as payment sandboxes do.</summary>
public static class PaymentTokens
{
    public const string Success = "tok_success";
    public const string InsufficientFunds = "tok_insufficient_funds";
    public const string CardDeclined = "tok_card_declined";
    public const string ExpiredCard = "tok_expired_card";

    /// <summary>The gateway never answers.</summary>
    public const string Timeout = "tok_timeout";

    /// <summary>Charged, but the answer is lost: asked again by its key, the gateway tells.</summary>
    public const string LostAnswer = "tok_lost_answer";

    /// <summary>The gateway answers after three seconds.</summary>
    public const string Slow = "tok_slow";

    public static IReadOnlyList<string> All { get; } = [Success, InsufficientFunds, CardDeclined, ExpiredCard, Timeout, LostAnswer, Slow];
}

/// <summary>Why an order was cancelled (<c>cancellation_source</c>).</summary>
public static class CancellationSources
{
    public const string PaymentFailed = "payment_failed";
    public const string InventoryDepleted = "inventory_depleted";
    public const string Customer = "customer";
    public const string Timeout = "timeout";

    public static IReadOnlyList<string> All { get; } = [PaymentFailed, InventoryDepleted, Customer, Timeout];
}

/// <summary>What a mail to a customer is about (<c>notification_type</c>).</summary>
public static class NotificationTypes
{
    public const string OrderFulfilled = "order_fulfilled";
    public const string OrderCancelled = "order_cancelled";

    public static IReadOnlyList<string> All { get; } = [OrderFulfilled, OrderCancelled];
}
