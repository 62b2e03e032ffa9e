using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

public static class Routes
{
    public static void MapAnalytics(this WebApplication app)
    {
        var letters = app.MapApi("/dead-letters").WithTags("Dead letters");
        letters.MapGet("", ReadDeadLetters.Page);
        letters.MapPost("/{id:long}/replay", ReplayDeadLetters.One);
        letters.MapPost("/replay", ReplayDeadLetters.All);

        var analytics = app.MapApi("/analytics").WithTags("Analytics");
        analytics.MapGet("/revenue", ReadAnalytics.Revenue);
        analytics.MapGet("/fraud", ReadAnalytics.Fraud);
        analytics.MapGet("/abandonment", ReadAnalytics.Abandonment);
        analytics.MapGet("/velocity", ReadAnalytics.Velocity);
        analytics.MapGet("/operations", ReadAnalytics.Operations);

        // Any bytes may land among the dead letters, and they go nowhere from there: raw, and without a dead-letter topic of its own.
        app.MapDelivery(new() { PubsubName = Components.PubSub, Name = Topics.DeadLetters, EnableRawPayload = true }, KeepDeadLetter.Handle);
        if (app.Services.GetService<ComputeAnalytics>() is null)
            app.MapResultsOfSpark();
        else
            app.MapEventsOfTheShop();
    }

    static void MapResultsOfSpark(this WebApplication app)
    {
        app.MapTopic<RevenueMetrics, AnalyticsDb>(KeepAnalytics.Revenue);
        app.MapTopic<FraudDetected, AnalyticsDb>(KeepAnalytics.Fraud);
        app.MapTopic<CartAbandonment, AnalyticsDb>(KeepAnalytics.Abandonment);
        app.MapTopic<InventoryVelocity, AnalyticsDb>(KeepAnalytics.Velocity);
        app.MapTopic<OperationalMetrics, AnalyticsDb>(KeepAnalytics.Operations);
    }

    static void MapEventsOfTheShop(this WebApplication app)
    {
        app.MapFacts<CartItemAdded>((fact, e) => fact with { UserId = e.UserId, ProductId = e.ProductId });
        app.MapFacts<CartItemRemoved>((fact, e) => fact with { UserId = e.UserId, ProductId = e.ProductId });
        app.MapFacts<CheckoutInitiated>((fact, e) => fact with { UserId = e.UserId });
        app.MapFacts<OrderCreated>((fact, e) => fact with { UserId = e.UserId, OrderId = e.OrderId, Amount = e.TotalAmount });
        app.MapFacts<PaymentProcessed>((fact, e) => fact with { Amount = e.Amount });
        app.MapFacts<PaymentFailed>((fact, e) => fact with { UserId = e.UserId });
        app.MapFacts<InventoryReserved>((fact, e) => fact with { Lines = e.Items });
        // Of these it is enough that they flow.
        app.MapFacts<OrderConfirmed>();
        app.MapFacts<InventoryDepleted>();
        app.MapFacts<InventoryLow>();
        app.MapFacts<OrderCancelled>();
        app.MapFacts<PaymentRefunded>();
        app.MapFacts<InventoryReleased>();
        app.MapFacts<NotificationSend>();
        app.MapFacts<FraudDetected>();
    }
}
