using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Tests.Spark.Support.History;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class JobsTransformTests(SparkWorld world)
{
    [Fact]
    public void Revenue_adds_up_per_minute_with_its_start_and_without_its_end()
    {
        var rows = Job("revenue_streaming").Rows(world.Session, Paid("10:00:00", 10.00m), Paid("10:00:59.999", 20.01m), Paid("10:01:00", 5.00m));

        Lines(rows, "window_start", "window_end", "total_revenue", "order_count", "avg_order_value").ShouldBe(
        [
            "10:00:00 10:01:00 30.01 2 15.01",
            "10:01:00 10:02:00 5.00 1 5.00",
        ]);
    }

    [Fact]
    public void A_second_record_of_an_event_counts_once_and_a_tie_counts_twice()
    {
        var rows = Job("revenue_streaming").Rows(world.Session, Paid("10:00:00", 10m, "e1"), Paid("10:00:00", 10m, "e1"), Paid("10:00:00", 10m, "e2"));

        Lines(rows, "total_revenue", "order_count").ShouldBe(["20.00 2"]);
    }

    [Fact]
    public void A_sum_beyond_the_columns_room_stays_at_its_end()
    {
        var rows = Job("revenue_streaming").Rows(world.Session, Paid("10:00:00", 9_999_999_999.99m), Paid("10:00:01", 9_999_999_999.99m));

        Lines(rows, "total_revenue", "avg_order_value").ShouldBe(["9999999999.99 9999999999.99"]);
    }

    [Fact]
    public void The_night_in_which_the_clocks_change_has_minutes_as_any_other()
    {
        var night = new DateTimeOffset(2026, 11, 1, 1, 59, 59, TimeSpan.FromHours(-7));
        HistoryRecord Pay(DateTimeOffset time) => Event(time, new PaymentProcessed("PAY-1", "ORD-1", "ann", 1m, "USD", "card"));

        var rows = Job("revenue_streaming").Rows(world.Session, Pay(night), Pay(night.AddSeconds(1)), Pay(new DateTimeOffset(2026, 11, 1, 1, 0, 0, TimeSpan.FromHours(-8))));

        Lines(rows, "window_start", "order_count").ShouldBe(["08:59:00 1", "09:00:00 2"]);
    }

    [Fact]
    public void More_than_three_orders_in_five_minutes_are_odd()
    {
        var rows = FraudDetection.Job.Rows(
            world.Session, [.. new[] { 3, 4, 5, 6 }.SelectMany(count => Enumerable.Range(0, count).Select(i => Ordered($"10:04:0{i}", $"user{count}", $"ORD-{i}", 10m)))]);

        Lines(rows, "user_id", "window_start", "order_id", "alert_type", "severity", "details").ShouldBe(
            new[] { "user4 {0} HIGH 4", "user5 {0} HIGH 5", "user6 {0} CRITICAL 6" }.SelectMany(line => Enumerable.Range(0, 5).Select(
                minute => line.Replace("{0}", $"10:0{minute}:00 - unusual_order_frequency", StringComparison.Ordinal) + " orders in 5 minutes")));
    }

    [Fact]
    public void An_order_above_a_thousand_is_odd_and_the_dearest_is_named()
    {
        HistoryRecord[] Orders(string user, decimal amount) =>
            [Ordered("10:00:00", user, "ORD-A", amount), Ordered("10:00:00", user, "ORD-B", amount), Ordered("10:00:01", user, "ORD-C", 900m)];

        var rows = FraudDetection.Job.Rows(world.Session, [.. Orders("ann", 1000m), .. Orders("bob", 1000.01m), .. Orders("cid", 5000m), .. Orders("dan", 5000.01m)]);

        rows.Count.ShouldBe(3 * 5);
        Lines(rows, "user_id", "order_id", "alert_type", "severity", "details").Distinct().ShouldBe(
        [
            "bob ORD-B high_order_value HIGH an order of 1000.01",
            "cid ORD-B high_order_value HIGH an order of 5000.00",
            "dan ORD-B high_order_value CRITICAL an order of 5000.01",
        ]);
    }

    [Fact]
    public void More_than_two_failed_payments_of_one_user_are_odd()
    {
        var rows = Job("fraud_detection").Rows(
            world.Session, Declined("10:00:00", "cid"), Declined("10:01:00", "cid"), Declined("10:04:59", "cid"), Declined("10:02:00", "dan"), Declined("10:02:30", "dan"));

        Lines(rows, "user_id", "alert_type", "severity", "window_start", "window_end", "details").ShouldBe(
            ["cid multiple_failed_payments MEDIUM 10:00:00 10:05:00 3 failed payments in 5 minutes"]);
    }

    [Fact]
    public void An_item_is_abandoned_unless_checkout_or_removal_comes_within_thirty_minutes()
    {
        var rows = Job("cart_abandonment").Rows(
            world.Session,
            Added("10:00:00", "ann", "PROD-001"), Added("10:05:00", "ann", "PROD-001"), CheckedOut("10:30:00", "ann"),
            Added("10:00:00", "bob", "PROD-001"), CheckedOut("10:30:00.001", "bob"),
            Added("10:00:00", "cid", "PROD-001"), Added("10:00:00", "cid", "PROD-002"), Removed("10:10:00", "cid", "PROD-001"),
            CheckedOut("09:59:59", "dan"), Added("10:00:00", "dan", "PROD-003"),
            Added("10:00:00", "eve", "PROD-004"), Removed("10:00:00", "eve", "PROD-004"));

        Lines(rows, "user_id", "product_id", "item_added_time", "detected_at").ShouldBe(
        [
            "bob PROD-001 10:00:00 10:30:00",
            "cid PROD-002 10:00:00 10:30:00",
            "dan PROD-003 10:00:00 10:30:00",
        ]);
    }

    [Fact]
    public void Units_and_revenue_add_up_per_product_and_hour()
    {
        var rows = Job("inventory_velocity").Rows(
            world.Session, Reserved("10:00:00", ("PROD-002", 2), ("PROD-003", 1)), Reserved("10:59:59.999", ("PROD-002", 3)), Reserved("11:00:00", ("PROD-002", 1)), Reserved("10:30:00", ("PROD-999", 7)));

        Lines(rows, "product_id", "window_start", "window_end", "units_sold", "revenue").ShouldBe(
        [
            "PROD-002 10:00:00 11:00:00 5 64.95",
            "PROD-002 11:00:00 12:00:00 1 12.99",
            "PROD-003 10:00:00 11:00:00 1 19.99",
            "PROD-999 10:00:00 11:00:00 7 0.00",
        ]);
    }

    [Fact]
    public void A_topics_events_are_counted_per_minute_and_trouble_shows_before_the_minute_is_over()
    {
        var rows = Job("operational_metrics").Rows(
            world.Session, [Paid("10:00:00", 1m), Paid("10:00:30", 1m), Paid("10:01:00", 1m), .. Enumerable.Range(0, 10).Select(_ => Declined("10:00:10", "ann")), .. Enumerable.Range(0, 50).Select(_ => Declined("10:01:10", "ann"))]);

        Lines(rows, "metric_name", "window_start", "window_end", "topic", "value", "status", "sequence", "newest").ShouldBe(
        [
            "events_per_minute 10:00:00 10:01:00 payment.failed 10 WARNING 20 10:00:10",
            "events_per_minute 10:00:00 10:01:00 payment.processed 2 HEALTHY 4 10:00:30",
            "events_per_minute 10:01:00 10:02:00 payment.failed 50 CRITICAL 100 10:01:10",
            "events_per_minute 10:01:00 10:02:00 payment.processed 1 HEALTHY 2 10:01:00",
        ]);
    }

    [Fact]
    public void A_minute_that_is_over_has_a_row_for_each_topic_of_the_heartbeat_and_silence_is_judged_by_the_topics_own_rhythm()
    {
        (string, decimal)[] rhythm = [("payment.processed", 40), ("order.created", 10), ("cart.item_added", 5), ("notification.send", 4.99m), ("inventory.low", 99), ("a.new_one", 1)];

        var rows = Job("operational_metrics").Rows(world.Session, Paid("10:00:20", 1m), Heartbeat("10:00:00", rhythm), Heartbeat("10:01:00", rhythm[..2]), Heartbeat("10:02:00"));

        Lines(rows, "window_start", "topic", "value", "status", "sequence", "newest").ShouldBe(
        [
            "10:00:00 a.new_one 0 HEALTHY 1 10:01:00",
            "10:00:00 cart.item_added 0 WARNING 1 10:01:00",
            "10:00:00 inventory.low 0 HEALTHY 1 10:01:00",
            "10:00:00 notification.send 0 HEALTHY 1 10:01:00",
            "10:00:00 order.created 0 CRITICAL 1 10:01:00",
            "10:00:00 payment.processed 1 HEALTHY 3 10:00:20",
            "10:01:00 order.created 0 CRITICAL 1 10:02:00",
            "10:01:00 payment.processed 0 CRITICAL 1 10:02:00",
        ]);
    }

    [Fact]
    public void A_heartbeat_counts_in_no_other_table()
    {
        foreach (var job in Ecom.Spark.Jobs.Job.All.Where(job => job.Name != "operational_metrics"))
            job.Rows(world.Session, Heartbeat("10:00:00", ("payment.processed", 40))).ShouldBeEmpty();
    }

    static Job Job(string name) => Ecom.Spark.Jobs.Job.All.Single(job => job.Name == name);

    static IReadOnlyList<string> Lines(IEnumerable<Row> rows, params string[] columns) =>
        [.. rows.Select(row => string.Join(' ', columns.Select(column => Text(row.Get(column))))).Order(StringComparer.Ordinal)];

    static string Text(object? value) => value switch
    {
        null => "-",
        DateTimeOffset time => time.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture),
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}"),
    };
}
