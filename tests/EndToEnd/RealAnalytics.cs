using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The five jobs run on Spark beside the running shop; what they make of its events is held against the events themselves.</summary>
[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld | Runtime.Spark)]
public class RealAnalytics(RealWorld world, SparkJobs jobs) : IClassFixture<SparkJobs>
{
    [Fact]
    public async Task Orders_become_rows_of_all_five_tables()
    {
        var buyer = Customer.NewUser("ada");

        var orderId = await world.Customer.Order(buyer, PaymentTokens.Success, ("PROD-002", 2), ("PROD-003", 1));
        var suspects = await Suspects.Trade(world.Customer);
        await world.Customer.WaitFor(orderId, "FULFILLED");
        await RowsEqualKafka();

        var alerts = await world.Customer.Analytics<FraudDetected>("fraud");
        alerts.Where(alert => alert.UserId == suspects.Rich).Select(alert => (alert.AlertType, alert.Severity, alert.OrderId, alert.Details)).Distinct()
            .ShouldBe([("high_order_value", "HIGH", suspects.DearOrder, "an order of 1099.89")]);
        alerts.ShouldContain(alert => alert.UserId == suspects.Hasty && alert.AlertType == "unusual_order_frequency" && alert.Details == "4 orders in 5 minutes");
        alerts.ShouldContain(alert => alert.UserId == suspects.Broke && alert.AlertType == "multiple_failed_payments" && alert.Details == "3 failed payments in 5 minutes");
        alerts.ShouldNotContain(alert => alert.UserId == buyer);
    }

    [Fact]
    public async Task The_tool_tells_how_long_a_checkout_takes_to_show_in_the_rows()
    {
        // Shop and jobs have just started: the first burst is theirs to get going.
        await world.Shop.Load(orders: 20, users: 5);
        await RowsEqualKafka();
        var (figures, _) = await world.Shop.Load(orders: 20, users: 5);

        TestContext.Current.SendDiagnosticMessage($"Checkouts answered to rows served: {figures}");
        figures.GetProperty("analytics_p50_ms").GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Every_metric_of_the_jobs_and_of_Spark_that_a_panel_or_an_alert_asks_for_is_told()
    {
        await world.Customer.WaitFor(await world.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-008", 1)), "FULFILLED");

        await jobs.WaitUntil(async () =>
        {
            (await jobs.Metrics()).ShouldAnswerBoardsAndAlerts("jobs");
            return true;
        }, "every job has had a batch");
    }

    [Fact]
    public async Task The_admin_gets_one_mail_per_incident_of_fraud()
    {
        var suspects = await Suspects.Trade(world.Customer);
        await RowsEqualKafka();
        await FraudIsMailed();

        string[] users = [suspects.Rich, suspects.Hasty, suspects.Broke];
        var mails = world.Backends.Mail.Mails().Where(mail => mail.Subject.StartsWith("Fraud Alert", StringComparison.Ordinal) && users.Any(mail.Subject.Contains)).ToList();
        mails.Select(mail => mail.Subject).ShouldBe(
            [
                $"Fraud Alert: high_order_value #{suspects.Rich}",
                $"Fraud Alert: unusual_order_frequency #{suspects.Hasty}",
                $"Fraud Alert: multiple_failed_payments #{suspects.Broke}",
            ],
            ignoreOrder: true);
        mails.ShouldAllBe(mail => mail.To.Single() == "admin@ecom.local");
    }

    [Fact]
    public async Task An_item_left_in_a_cart_is_found_when_other_carts_move_the_time_on()
    {
        await world.Customer.Add(Customer.NewUser("dan"), "PROD-009", 1);
        await jobs.WaitUntil(async () => (await Abandoned()).Count > 0, "the cart of an hour ago is found abandoned");

        var item = (await Abandoned()).ShouldHaveSingleItem();
        item.ProductId.ShouldBe("PROD-001");
        (item.DetectedAt - item.ItemAddedTime).ShouldBe(TimeSpan.FromMinutes(30));

        async Task<List<CartAbandonment>> Abandoned() => [.. (await world.Customer.Analytics<CartAbandonment>("abandonment")).Where(row => row.UserId == jobs.Forgetful)];
    }

    [Fact]
    public async Task Jobs_that_are_killed_in_mid_traffic_go_on_from_their_checkpoint()
    {
        var users = Enumerable.Range(0, 12).Select(_ => Customer.NewUser("zoe")).ToList();

        // A third before the fault, a third into it, a third after it.
        List<Task<string>> orders = [.. users.Take(4).Select(Buy)];
        await Task.WhenAll(orders);
        orders.AddRange(users.Skip(4).Take(4).Select(Buy));
        await jobs.Kill();
        await jobs.Start();
        orders.AddRange(users.Skip(8).Select(Buy));
        foreach (var orderId in await Task.WhenAll(orders))
            await world.Customer.WaitFor(orderId, "FULFILLED");

        await RowsEqualKafka();

        Task<string> Buy(string user) => world.Customer.Order(user, PaymentTokens.Success, ("PROD-004", 1));
    }

    [Fact]
    public async Task An_interrupt_ends_the_jobs_orderly_and_the_next_start_catches_up()
    {
        var (exitCode, output) = await jobs.Interrupt();
        var orderId = await world.Customer.Order(Customer.NewUser("pat"), PaymentTokens.Success, ("PROD-020", 1));
        await world.Customer.WaitFor(orderId, "FULFILLED");
        await jobs.Start();

        exitCode.ShouldBe(0);
        Spark.Jobs.Job.All.ShouldAllBe(job => output.Contains($"{job.Name} stopped: "));
        await RowsEqualKafka();
    }

    /// <summary>Both are read again until they agree: rows are refined while events come, and the alerts are events themselves.</summary>
    Task RowsEqualKafka() => jobs.WaitUntil(
        async () =>
        {
            await ExpectedAnalytics.Of(world.Backends.Kafka).ShouldBeServedBy(world.Customer.AskAnalytics);
            return true;
        },
        "the rows say what lies on Kafka");

    /// <summary>Only when notification-service has seen every alert and owes no mail is "one mail" a fact.</summary>
    Task FraudIsMailed() => jobs.WaitUntil(
        async () =>
        {
            var seen = (await world.Rows("notification_service", "SELECT event_id FROM processed_events WHERE topic = $1", Topics.FraudDetected)).Select(row => (string)row["event_id"]!);
            var owed = await world.Rows("notification_service", "SELECT 1 FROM notifications WHERE kind = 'fraud' AND status <> 'SENT'");
            return owed.Count == 0 && ExpectedAnalytics.Of(world.Backends.Kafka).Ids<FraudDetected>().IsSubsetOf(seen);
        },
        "every alert is seen, every mail sent");

    /// <summary>Three customers who each do something odd.</summary>
    sealed record Suspects(string Rich, string DearOrder, string Hasty, string Broke)
    {
        public static async Task<Suspects> Trade(Customer customer)
        {
            var (rich, hasty, broke) = (Customer.NewUser("rex"), Customer.NewUser("hal"), Customer.NewUser("ben"));
            var dear = await customer.Order(rich, PaymentTokens.Success, ("PROD-007", 11));
            List<string> hasted = [], declined = [];
            for (var i = 0; i < 4; i++)
                hasted.Add(await customer.Order(hasty, PaymentTokens.Success, ("PROD-019", 1)));
            for (var i = 0; i < 3; i++)
                declined.Add(await customer.Order(broke, PaymentTokens.CardDeclined, ("PROD-006", 1)));
            foreach (var orderId in hasted.Append(dear))
                await customer.WaitFor(orderId, "FULFILLED");
            foreach (var orderId in declined)
                await customer.WaitFor(orderId, "CANCELLED");
            return new(rich, dear, hasty, broke);
        }
    }
}
