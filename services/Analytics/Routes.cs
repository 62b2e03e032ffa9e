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
        app.MapTopic<RevenueMetrics, AnalyticsDb>(KeepAnalytics.Revenue);
        app.MapTopic<FraudDetected, AnalyticsDb>(KeepAnalytics.Fraud);
        app.MapTopic<CartAbandonment, AnalyticsDb>(KeepAnalytics.Abandonment);
        app.MapTopic<InventoryVelocity, AnalyticsDb>(KeepAnalytics.Velocity);
        app.MapTopic<OperationalMetrics, AnalyticsDb>(KeepAnalytics.Operations);
    }
}
