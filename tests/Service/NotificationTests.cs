using System.Globalization;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

public abstract class NotificationFixture(Database database) : ServiceFixture("Notification", database,
    ("TZ", "America/Los_Angeles"), ("MAIL_FROM", "shop@ecom.local"), ("ADMIN_EMAIL", "boss@ecom.local"));

public sealed class NotificationOnSqlite() : NotificationFixture(Database.Sqlite);

public sealed class NotificationOnPostgres() : NotificationFixture(Database.Postgres);

public sealed class NotificationSqliteTests(NotificationOnSqlite fixture) : NotificationTests(fixture.Service), IClassFixture<NotificationOnSqlite>;

public sealed class NotificationPostgresTests(NotificationOnPostgres fixture) : NotificationTests(fixture.Service), IClassFixture<NotificationOnPostgres>;

public abstract class NotificationTests(ServiceProcess service) : MailScenario(service)
{
    static readonly string[] Severities = ["MEDIUM", "HIGH", "CRITICAL"];

    [Fact]
    public async Task A_fulfilled_order_is_confirmed_by_mail()
    {
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));

        var mail = await Mailed($"Order Confirmed #{Order}");
        mail.From.ShouldBe("shop@ecom.local");
        mail.To.ShouldBe($"{User}@example.com");
        foreach (var said in (string[])["Wireless Headphones (PROD-001)", "$149.99", "$299.98", $"TRK-{Order[^8..]}", "2026-03-01 02:00 (America/Los_Angeles)"])
            mail.Html.ShouldContain(said);
        var row = await Row("SENT");
        ((string?)row["kind"]).ShouldBe("fulfilled");
        ((string?)row["text"])!.ShouldContain($"Tracking number: TRK-{Order[^8..]}");
        ((string?)row["text"])!.ShouldNotContain("<");
        ((int)row["attempts"]!).ShouldBe(1);
        (await Service.Get($"/notifications/order/{Order}"))["notifications"]!.AsArray().ShouldHaveSingleItem()!.ToJsonString().ShouldBe(row.ToJsonString());
    }

    [Theory]
    [InlineData("payment_failed", "cancelled_payment", "Order Cancelled - Payment Failed #", "insufficient funds", "not been charged")]
    [InlineData("inventory_depleted", "cancelled_stock", "Order Cancelled - Out of Stock #", "Mechanical Keyboard (PROD-007) is out of stock", "Refunded: $299.98")]
    [InlineData("customer", "cancelled", "Order Cancelled #", "insufficient funds", "Refunded: $299.98")]
    [InlineData("timeout", "cancelled", "Order Cancelled #", "insufficient funds", "Refunded: $299.98")]
    public async Task A_cancelled_order_is_told_by_its_source(string source, string kind, string subject, string reason, string money)
    {
        await Service.Deliver("notification.send", Send("order_cancelled", $$"""{"cancellation_source":"{{source}}","reason":"insufficient_funds","product_id":"PROD-007","refunded_amount":299.98}"""));

        var mail = await Mailed(subject + Order);
        mail.Html.ShouldContain(reason);
        mail.Html.ShouldContain(money);
        ((string?)(await Row("SENT"))["kind"]).ShouldBe(kind);
    }

    [Fact]
    public async Task The_administrator_is_told_of_stock_and_fraud()
    {
        var product = $"PROD-{User[2..10]}";
        await Service.Deliver("inventory.low", Events.New("inventory.low", $$"""{"product_id":"{{product}}","current_stock":9,"threshold":10}"""));
        await Service.Deliver("inventory.depleted", Events.New("inventory.depleted", $$"""{"order_id":"{{Order}}","product_id":"{{product}}","requested":3,"available":1}"""));
        await Service.Deliver("fraud.detected", Events.New("fraud.detected", $$"""{"user_id":"{{User}}","order_id":null,"alert_type":"high_order_value","severity":"HIGH","details":"an order of 1200.00","window_start":"2026-03-01T10:00:00Z","window_end":"2026-03-01T10:05:00Z"}"""));

        (await Mailed($"Low Stock Alert: Product #{product}")).To.ShouldBe("boss@ecom.local");
        (await Mailed($"Out of Stock Alert: Product #{product}")).Html.ShouldContain(Order);
        (await Mailed($"Fraud Alert: high_order_value #{User}")).Html.ShouldContain("an order of 1200.00");
    }

    [Fact]
    public async Task One_suspicious_order_is_one_mail_though_five_windows_tell_of_it_and_grow()
    {
        string[] windows = [.. Enumerable.Range(0, 5).Select(minute => Fraud(minute, "HIGH"))];
        await Task.WhenAll(windows.Concat(windows).Select(Told));
        (await FraudMails()).ShouldBe(1);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(minute => Told(Fraud(minute, "HIGH", "two orders"))));

        (await FraudMails()).ShouldBe(1);
        await Mailed($"Fraud Alert: high_order_value #{User}");
    }

    [Fact]
    public async Task Alerts_of_other_users_and_types_are_told_each()
    {
        await Told(Fraud(0, "HIGH"));
        await Told(Fraud(0, "HIGH").With("data.alert_type", "\"unusual_order_frequency\""));
        await Told(Fraud(0, "HIGH").With("data.user_id", $"\"{User}-2\""));

        (await Service.Count($"notifications WHERE kind = 'fraud' AND subject LIKE '%#{User}%'")).ShouldBe(3);
    }

    [Theory]
    [InlineData("a worse alert of an overlapping window", 2, "0 MEDIUM", "3 HIGH")]
    [InlineData("each that is worse", 3, "0 MEDIUM", "1 HIGH", "2 CRITICAL", "2 CRITICAL", "3 HIGH")]
    [InlineData("the same window grown worse", 2, "0 HIGH", "0 CRITICAL")]
    [InlineData("a worse alert that comes after those of later windows", 2, "4 HIGH", "0 CRITICAL", "1 CRITICAL", "1 HIGH")]
    [InlineData("none that is milder", 1, "0 CRITICAL", "2 HIGH", "4 MEDIUM")]
    [InlineData("a later window, apart", 2, "0 HIGH", "5 HIGH")]
    [InlineData("a later window, apart and milder", 2, "0 HIGH", "5 MEDIUM", "3 HIGH", "5 MEDIUM")]
    [InlineData("an incident that goes on, every five minutes", 3, "0 HIGH", "1 HIGH", "4 HIGH", "5 HIGH", "6 HIGH", "9 HIGH", "10 HIGH", "14 HIGH")]
    [InlineData("none of a window that ended before", 1, "60 HIGH", "0 HIGH", "0 MEDIUM")]
    [InlineData("an unknown severity, as the mildest", 2, "0 odd", "0 odd", "1 MEDIUM", "1 HIGH", "1 odd")]
    public async Task Further_mails_tell_of(string what, int mails, params string[] alerts)
    {
        foreach (var alert in alerts)
            await Told(Alert(alert));
        (await FraudMails()).ShouldBe(mails, what);

        foreach (var alert in alerts.Concat(alerts.Reverse()))
            await Told(Alert(alert));
        (await FraudMails()).ShouldBe(mails, "a replay with new ids");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_replay_of_alerts_sends_nothing_in_whatever_order_they_came(int seed)
    {
        var random = new Random(seed);
        string[] alerts = [.. Enumerable.Range(0, 24).Select(_ => $"{random.Next(20)} {random.GetItems(Severities, 1)[0]}")];
        await Task.WhenAll(alerts.Select(alert => Told(Alert(alert))));
        var mails = await FraudMails();

        random.Shuffle(alerts);
        await Task.WhenAll(alerts.Select(alert => Told(Alert(alert))));

        (await FraudMails()).ShouldBe(mails, string.Join(", ", alerts));
    }

    [Fact]
    public async Task A_kill_neither_loses_nor_repeats_the_mail_of_an_alert()
    {
        Service.Sidecar.OnMail = mail => mail.Subject.EndsWith(User, StringComparison.Ordinal) ? new(new(StatusCode.Unavailable, "away")) : null;
        string[] windows = [.. Enumerable.Range(0, 5).Select(minute => Fraud(minute, "HIGH"))];
        var deliveries = windows.Select(Told).ToArray();
        await Task.WhenAny(deliveries);

        await Service.KillAndStartAgain();
        Service.Sidecar.OnMail = _ => null;
        await ((Task)Task.WhenAll(deliveries)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await Task.WhenAll(windows.Select(Told));

        await Mailed($"Fraud Alert: high_order_value #{User}");
        (await FraudMails()).ShouldBe(1);
    }

    [Fact]
    public async Task An_event_delivered_twice_mails_once()
    {
        var send = Send("order_fulfilled", "{}");

        (await Task.WhenAll(Service.Deliver("notification.send", send), Service.Deliver("notification.send", send))).ShouldBe(["SUCCESS", "SUCCESS"]);
        await Service.Deliver("notification.send", send);

        await Mailed($"Order Confirmed #{Order}");
        (await Rows()).Count.ShouldBe(1);
        Service.Sidecar.Mails.Count(m => m.Subject.EndsWith(Order, StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_mail_waits_for_the_mail_server_and_goes_out_when_it_is_back()
    {
        var refusals = 0;
        Service.Sidecar.OnMail = mail => mail.To.StartsWith(User, StringComparison.Ordinal) && ++refusals < 4
            ? new(new(StatusCode.Internal, "error invoking output binding mail: dial tcp 127.0.0.1:1025: connect: connection refused"))
            : null;

        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));

        await Mailed($"Order Confirmed #{Order}");
        var row = await Row("SENT");
        ((int)row["attempts"]!).ShouldBe(1, "while the mail server is away nobody is to blame");
        refusals.ShouldBe(4);
        row["error"].ShouldBeNull();
    }

    [Theory]
    [InlineData("550 mailbox unavailable")]
    [InlineData("gomail: could not send email 1: 501 5.1.3 Bad recipient address syntax")]
    [InlineData("gomail: could not send email 1: 552 5.2.2 Mailbox full")]
    [InlineData("gomail: invalid address \"x\"")]
    public async Task A_mail_that_no_server_will_ever_take_has_failed(string answer)
    {
        Service.Sidecar.OnMail = mail => mail.To.StartsWith(User, StringComparison.Ordinal) ? new(new(StatusCode.Internal, $"error invoking output binding mail: {answer}")) : null;

        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));

        var row = await Row("FAILED");
        ((string?)row["error"])!.ShouldContain(answer);
        row["sent_at"].ShouldBeNull();
    }

    [Theory]
    [InlineData("a@b.org;other@b.org")]
    [InlineData("a@b.org\\r\\nBcc: other@b.org")]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("@")]
    [InlineData("Name <a@b.org>")]
    public async Task An_address_that_is_none_never_reaches_the_binding(string address)
    {
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}").With("data.recipient_email", $"\"{address}\""));

        (await Row("FAILED"))["error"]!.ToString().ShouldBe("invalid address");
        Service.Sidecar.Mails.ShouldNotContain(m => m.Subject.EndsWith(Order, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_comes_from_outside_is_encoded_and_starts_no_header()
    {
        await Service.Deliver("fraud.detected", Events.New("fraud.detected",
            $$"""{"user_id":"{{User}}","order_id":null,"alert_type":"x\r\nBcc: a@b.org","severity":"HIGH","details":"<script>alert(1)</script> & 😀","window_start":"2026-03-01T10:00:00Z","window_end":"2026-03-01T10:05:00Z"}"""));

        var mail = await Mailed($"Fraud Alert: x  Bcc: a@b.org #{User}");
        mail.Html.ShouldNotContain("<script>");
        mail.Html.ShouldContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp;");
    }

    [Fact]
    public async Task A_user_named_admin_reads_none_of_the_administrators_mails()
    {
        await Service.Deliver("inventory.low", Events.New("inventory.low", $$"""{"product_id":"PROD-{{User[2..10]}}","current_stock":9,"threshold":10}"""));

        await Mailed($"Low Stock Alert: Product #PROD-{User[2..10]}");
        ((int)(await Service.Get("/notifications/user/admin"))["total_notifications"]!).ShouldBe(0);
        var kept = (await Service.Query("SELECT DISTINCT user_id FROM notifications WHERE kind = 'low_stock'")).ShouldHaveSingleItem();
        await Service.Http.ShouldRefuse(422, "GET", $"/notifications/user/{kept}");
    }

    [Fact]
    public async Task Notifications_are_read_newest_first_in_pages()
    {
        for (var i = 0; i < 5; i++)
            await Service.Deliver("notification.send", Send("order_fulfilled", "{}").With("data.order_id", $"\"ORD-{i}\""));

        var page = await Service.Get($"/notifications/user/{User}?limit=2&offset=1");

        ((int)page["total_notifications"]!).ShouldBe(5);
        page["notifications"]!.AsArray().Select(n => (string?)n!["order_id"]).ShouldBe(["ORD-3", "ORD-2"]);
    }

    [Theory]
    [InlineData(422, "?limit=0")]
    [InlineData(422, "?limit=101")]
    [InlineData(422, "?offset=-1")]
    [InlineData(422, "?limit=many")]
    [InlineData(422, "?offset=99999999999")]
    public async Task A_page_that_cannot_be_is_refused(int status, string query) => await Service.Http.ShouldRefuse(status, "GET", $"/notifications/user/{User}{query}");

    [Fact]
    public async Task Bytes_that_are_no_such_event_become_dead_letters_and_the_next_event_is_told()
    {
        foreach (var (what, body) in BadEvents.Any(Send("order_fulfilled", "{}")))
            await Service.ShouldBecomeDeadLetter("notification.send", what, body);
        foreach (var (what, data) in new (string, string)[]
        {
            ("no items", Send("order_fulfilled", "{}").Without("data.data.items")),
            ("a null item", Send("order_fulfilled", "{}").With("data.data.items", "[null]")),
            ("a negative amount", Send("order_fulfilled", "{}").With("data.data.total_amount", "-1")),
            ("a huge amount", Send("order_fulfilled", "{}").With("data.data.total_amount", "1e25")),
            ("an unknown kind", Send("order_exploded", "{}")),
            ("an odd order id", Send("order_fulfilled", "{}").With("data.order_id", "\"😀\"")),
            ("a number as user", Send("order_fulfilled", "{}").With("data.user_id", "7")),
        })
            await Service.ShouldBecomeDeadLetter("notification.send", what, data);
        await Service.ShouldBecomeDeadLetter("inventory.low", "negative stock", Events.New("inventory.low", """{"product_id":"PROD-001","current_stock":-1,"threshold":10}"""));
        await Service.ShouldBecomeDeadLetter("inventory.depleted", "negative request", Events.New("inventory.depleted", """{"order_id":null,"product_id":"PROD-001","requested":-3,"available":1}"""));

        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));

        await Mailed($"Order Confirmed #{Order}");
    }

    [Fact]
    public async Task It_asks_for_its_topics_with_a_dead_letter_topic()
    {
        var subscriptions = (await Service.Get("/dapr/subscribe")).AsArray();

        subscriptions.Select(s => (string?)s!["topic"]).Order().ShouldBe(["fraud.detected", "inventory.depleted", "inventory.low", "notification.send"]);
        subscriptions.ShouldAllBe(s => (string?)s!["deadLetterTopic"] == "dlq.events" && (string?)s["pubsubName"] == "pubsub");
    }

    string Alert(string minuteAndSeverity) => Fraud(int.Parse(minuteAndSeverity.Split(' ')[0], CultureInfo.InvariantCulture), minuteAndSeverity.Split(' ')[1]);

    string Fraud(int minute, string severity, string details = "an order of 1200.00")
    {
        var start = new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero).AddMinutes(minute);
        return Events.New("fraud.detected", $$"""{"user_id":"{{User}}","order_id":"{{Order}}","alert_type":"high_order_value","severity":"{{severity}}","details":"{{details}}","window_start":"{{start:O}}","window_end":"{{start.AddMinutes(5):O}}"}""");
    }

    async Task Told(string fraud) => (await Service.Deliver("fraud.detected", fraud)).ShouldBe("SUCCESS");

    Task<int> FraudMails() => Service.Count($"notifications WHERE subject = 'Fraud Alert: high_order_value #{User}'");
}
