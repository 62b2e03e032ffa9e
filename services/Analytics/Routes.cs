using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

public static class Routes
{
    public static void MapAnalytics(this WebApplication app)
    {
        var letters = app.MapApi("/dead-letters").WithTags("Dead letters").Knows("status", Enum.GetNames<DeadLetterStatus>());
        letters.MapGet("", ReadDeadLetters.Page).Says("ReadDeadLetters", "The dead letters, the newest first").Paged().ForObservers();
        letters.MapGet("/{id}", ReadDeadLetters.One).Says("ReadDeadLetter", "A dead letter, and what became of it", 404).ForObservers();
        letters.MapPost("/{id}/replay", ReplayDeadLetters.One).Says("ReplayDeadLetter", "Send a dead letter's record to the subscriber that failed", 404, 409).ForOperators();
        letters.MapPost("/{id}/discard", DiscardDeadLetters.One).Says("DiscardDeadLetter", "Nothing is to come of a dead letter", 404, 409).ForOperators();
        letters.MapPost("/replay", ReplayDeadLetters.All).Says("ReplayDeadLetters", "Send all that are open to the subscribers that failed").ForOperators();
        letters.MapPost("/discard", DiscardDeadLetters.All).Says("DiscardDeadLetters", "Nothing is to come of all that are open").ForOperators();

        var orders = app.MapApi("/orders").WithTags("Orders").Knows("state", Enum.GetNames<OrderState>()).Knows("cancellation_source", CancellationSources.All);
        orders.MapGet("", ReadShopOrders.Page).Says("ReadShopOrders", "The shop's orders by where they stand, the newest first").Takes("limit", 1, 100).ForObservers();
        orders.MapGet("/{order_id}/story", ReadStory.One).Says("ReadStory", "All that happened to an order, each step with its cause", 404).Knows("kind", StepKinds.All).ForObservers();

        var analytics = app.MapApi("/analytics").WithTags("Analytics").ForObservers();
        analytics.MapGet("/summary", ReadSummary.All).Says("ReadSummary", "Revenue, orders, abandonment and alerts in sum, and how fresh each table is");
        analytics.MapGet("/operations/current", ReadSummary.Current).Says("ReadCurrentOperations", "Each topic's last minute").Knows("status", FlowRules.Statuses);
        analytics.MapGet("/changes", FollowChanges.Stream).Says("FollowChanges", "Each change of what is known here, as it is committed").Streaming();

        var tables = analytics.MapGroup("").Paged(1000).Knows("order", TimeRange.Orders).Knows("bucket", Buckets.Names);
        tables.MapGet("/revenue", ReadAnalytics.Revenue).Says("ReadRevenue", "Revenue of each minute, or of each bucket without a gap");
        tables.MapGet("/fraud", ReadAnalytics.Fraud).Says("ReadFraud", "Users whose behaviour looks like fraud").Knows("severity", FraudRules.Severities);
        tables.MapGet("/abandonment", ReadAnalytics.Abandonment).Says("ReadAbandonment", "Items that nobody checked out");
        tables.MapGet("/velocity", ReadAnalytics.Velocity).Says("ReadVelocity", "The fastest products of each hour");
        tables.MapGet("/operations", ReadAnalytics.Operations).Says("ReadOperations", "Events of each topic and minute, or of each bucket without a gap").Knows("status", FlowRules.Statuses);

        // Any bytes may land among the dead letters, and they go nowhere from there: raw, and without a dead-letter topic of its own.
        // Counting gathers for half a second, and a lane waits for it.
        var isCounted = app.Services.GetService<ComputeAnalytics>() is not null;
        app.MapRawDelivery(new() { PubsubName = Components.PubSub, Name = Topics.DeadLetters, EnableRawPayload = true }, isCounted ? 1000 : 100, KeepDeadLetter.Handle);
        app.MapTopic<AnalyticsDb>(SettleDeadLetter.Handle);
        if (isCounted)
            app.MapEventsOfTheShop();
        else
        {
            app.MapResults();
            if (app.Services.GetRequiredService<JournalOptions>().IsOn)
                app.MapJournal();
        }
    }

    static void MapJournal(this WebApplication app)
    {
        app.MapJournal<CartItemAdded>();
        app.MapJournal<CartItemRemoved>();
        app.MapJournal<CheckoutInitiated>();
        app.MapJournal<OrderCreated>();
        app.MapJournal<PaymentProcessed>();
        app.MapJournal<PaymentFailed>();
        app.MapJournal<OrderConfirmed>();
        app.MapJournal<InventoryReserved>();
        app.MapJournal<InventoryDepleted>();
        app.MapJournal<InventoryLow>();
        app.MapJournal<OrderCancelled>();
        app.MapJournal<PaymentRefunded>();
        app.MapJournal<InventoryReleased>();
        app.MapJournal<NotificationSend>();
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
        app.MapFacts<Heartbeat>((fact, e) => fact with { Rhythm = e.Rhythm });
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
