using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

public sealed class NotificationSqliteQueueTests(NotificationOnSqlite fixture) : MailQueueTests(fixture.Service), IClassFixture<NotificationOnSqlite>;

public sealed class NotificationPostgresQueueTests(NotificationOnPostgres fixture) : MailQueueTests(fixture.Service), IClassFixture<NotificationOnPostgres>;

public abstract class MailQueueTests(ServiceProcess service) : MailScenario(service)
{
    [Theory]
    [InlineData("501 5.1.3 Bad recipient address syntax", "FAILED")]
    [InlineData("552 5.2.2 Mailbox full", "FAILED")]
    [InlineData("451 4.7.1 Greylisted", "PENDING")]
    public async Task A_refused_address_holds_nobody_else_back(string answer, string status)
    {
        Refuse(User, answer);
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Service.Deliver("notification.send", Neighbour(i))));

        for (var i = 0; i < 5; i++)
            await Mailed($"Order Confirmed #{Order}-{i}");
        ((string?)(await Rows()).ShouldHaveSingleItem()["status"]).ShouldBe(status);
    }

    [Fact]
    public async Task A_mail_refused_twenty_times_has_failed_with_its_reason()
    {
        Refuse(User, "451 4.7.1 Greylisted");
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));
        // The waits double: from the fourth on there is time to pass the others over.
        await Eventually.Until(async () => (int)(await Row("PENDING"))["attempts"]! >= 4, Soon, "four attempts");

        await Service.Change($"UPDATE notifications SET attempts = 19, retry_at = NULL WHERE user_id = '{User}'");

        var row = await Row("FAILED");
        ((int)row["attempts"]!).ShouldBe(20);
        ((string?)row["error"])!.ShouldContain("451 4.7.1 Greylisted");
    }

    [Fact]
    public async Task A_password_that_the_mail_server_refuses_is_no_mails_last_word()
    {
        // A mail of an earlier test that got through meanwhile would put the blame on this one.
        await Eventually.Until(async () => await Service.Count("notifications WHERE status = 'PENDING'") == 0, Soon, "no mail of an earlier test is on its way");
        Refuse(User, "535 5.7.8 Authentication failed");
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));
        await Eventually.Until(async () => (string?)(await Row("PENDING"))["error"] is not null, Soon, "the refusal");

        Service.Sidecar.OnMail = _ => null;

        ((int)(await Row("SENT"))["attempts"]!).ShouldBe(1);
    }

    [Fact]
    public async Task A_graceful_stop_mails_nobody_twice()
    {
        var answer = new TaskCompletionSource();
        Service.Sidecar.OnMailed = _ => answer.Task;
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));
        await Mailed($"Order Confirmed #{Order}");

        Service.AskToStop();
        await Eventually.Until(async () => !await Answers(), Soon, "the service to be stopping");
        answer.SetResult();
        await Service.StartAgainAfterStop();

        await Row("SENT");
        Service.Sidecar.Mails.Count(m => m.Subject == $"Order Confirmed #{Order}").ShouldBe(1);
    }

    [Fact]
    public async Task A_binding_that_hangs_on_one_mail_is_given_up_and_stops_neither_events_nor_other_mails()
    {
        var never = new TaskCompletionSource();
        Service.Sidecar.OnMailed = mail => mail.Subject.EndsWith(Order, StringComparison.Ordinal) ? never.Task : Task.CompletedTask;
        await Service.Deliver("notification.send", Send("order_fulfilled", "{}"));
        await Mailed($"Order Confirmed #{Order}");

        await Service.ShouldBecomeDeadLetter("notification.send", "while a mail hangs", Send("order_exploded", "{}"));
        (await Rows()).ShouldHaveSingleItem()["error"].ShouldBeNull("it hung all the while");
        await Service.Deliver("notification.send", Neighbour(0));

        await Mailed($"Order Confirmed #{Order}-0");
        ((string?)(await Row("PENDING"))["error"]).ShouldBe("the mail binding does not answer");
    }

    string Neighbour(int i) => Send("order_fulfilled", "{}").With("data.order_id", $"\"{Order}-{i}\"").With("data.user_id", $"\"n-{User}\"").With("data.recipient_email", $"\"n-{User}@example.com\"");

    void Refuse(string recipient, string answer) => Service.Sidecar.OnMail = mail => mail.To.StartsWith(recipient, StringComparison.Ordinal)
        ? new(new(StatusCode.Internal, $"error invoking output binding mail: error from smtp binding, sending email failed: gomail: could not send email 1: {answer}"))
        : null;

    async Task<bool> Answers()
    {
        try
        {
            return (await Service.Http.GetAsync("/health")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
