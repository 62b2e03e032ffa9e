using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.Json;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Ecom.Tests.Support;
using MimeKit;

namespace Ecom.Tests.Unit;

public sealed class MailTests : IDisposable
{
    static readonly TimeZoneInfo Tokyo = TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo");
    readonly TempFolder folder = new("mails");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_comes_by_SMTP_is_shown_page_by_page_newest_first_on_the_readers_clock()
    {
        await using var server = await Start(out var smtp, out var page);
        using var http = new HttpClient { BaseAddress = page };
        using var client = new SmtpClient("127.0.0.1", smtp);
        for (var i = 1; i <= 100; i++)
            await client.SendMailAsync(new MailMessage("shop@ecom.local", "ada@example.com", $"Order Confirmed #{i}", "<b>Thank you</b>") { IsBodyHtml = true }, TestContext.Current.CancellationToken);
        var latest = Mail("Order Confirmed #101");
        latest.Date = new(2026, 3, 1, 20, 30, 0, TimeSpan.Zero);
        await server.Box.Add(latest);

        var (first, second) = (await http.GetStringAsync("/", TestContext.Current.CancellationToken), await http.GetStringAsync("/?offset=100", TestContext.Current.CancellationToken));
        using var found = await http.GetAsync("/email?subject=Order%20Confirmed%20%237", TestContext.Current.CancellationToken);
        using var last = await http.GetAsync("/email?limit=1&offset=100", TestContext.Current.CancellationToken);

        first.ShouldContain("<h1>101 mails</h1>");
        first.ShouldContain("2026-03-02 05:30:00");
        first.ShouldContain("Asia/Tokyo");
        first.ShouldContain("Order Confirmed #101");
        first.ShouldNotContain("Order Confirmed #1<");
        second.ShouldContain("Order Confirmed #1<");
        (await Json(found)).EnumerateArray().ShouldHaveSingleItem().GetProperty("html").GetString()!.Trim().ShouldBe("<b>Thank you</b>");
        (await Json(last)).EnumerateArray().ShouldHaveSingleItem().GetProperty("subject").GetString().ShouldBe("Order Confirmed #1");
        last.Headers.GetValues("X-Total-Count").ShouldBe(["101"]);
    }

    [Fact]
    public async Task Old_mails_and_too_many_go_by_themselves()
    {
        await using var box = new MailBox(folder.File("mail.db"), most: 3);
        for (var i = 1; i <= 5; i++)
            await box.Add(Mail($"{i}"));

        await box.Purge(DateTimeOffset.UtcNow);
        Subjects(box).ShouldBe(["5", "4", "3"]);
        await box.Purge(DateTimeOffset.UtcNow + MailBox.Age - TimeSpan.FromMinutes(1));
        Subjects(box).Count.ShouldBe(3);
        await box.Purge(DateTimeOffset.UtcNow + MailBox.Age + TimeSpan.FromMinutes(1));

        Subjects(box).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_next_process_finds_the_mails()
    {
        string id;
        await using (var box = new MailBox(folder.File("mail.db")))
            id = await box.Add(Mail("kept"));

        await using var next = new MailBox(folder.File("mail.db"));
        Subjects(next).ShouldBe(["kept"]);
        next.Open(id)!.Subject.ShouldBe("kept");
    }

    [Fact]
    public async Task A_mail_that_is_deleted_is_gone()
    {
        await using var box = new MailBox(folder.File("mail.db"));
        var id = await box.Add(Mail("kept"));

        (await box.Remove(id)).ShouldBeTrue();

        Subjects(box).ShouldBeEmpty();
        box.Open(id).ShouldBeNull();
        (await box.Remove(id), await box.Remove("../../etc/passwd")).ShouldBe((false, false));
    }

    [Fact]
    public async Task The_verb_catches_and_shows_mails_until_Ctrl_C()
    {
        // The offset is added to both ports, and at most 15000.
        var page = Enumerable.Range(0, 1000).Select(_ => Ports.Free()).First(port => port <= 8025 + 15_000);
        var (smtp, offset) = (Ports.Free(), page - 8025);
        await using var tool = ChildProcess.StartTool(["mail", "--data", folder.Path, "--port-offset", $"{offset}"],
            new Dictionary<string, string?> { ["SMTP_PORT"] = $"{smtp - offset}" });
        await tool.WaitUntil(() => Task.FromResult(tool.Output.Contains("Ctrl-C stops it")), TimeSpan.FromSeconds(60));
        using var client = new SmtpClient("127.0.0.1", smtp);
        using var http = new HttpClient();

        await client.SendMailAsync(new MailMessage("shop@ecom.local", "ada@example.com", "Order Confirmed #1", "Thank you"), TestContext.Current.CancellationToken);
        var shown = await http.GetStringAsync($"http://127.0.0.1:{page}/", TestContext.Current.CancellationToken);
        tool.Interrupt();

        (await tool.WaitForExit(TimeSpan.FromSeconds(30))).ShouldBe(130, tool.Tail());
        shown.ShouldContain("Order Confirmed #1<");
        tool.Output.First().ShouldStartWith($"SMTP on localhost:{smtp}, the mails: http://localhost:{page} ");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var port = ((IPEndPoint)stranger.LocalEndpoint).Port;

        var refused = await Should.ThrowAsync<SetupException>(() => MailServer.Start(new(folder.Path, port, Ports.Free(), Tokyo)));

        refused.Message.ShouldContain($"the port {port} for SMTP is taken");
    }

    [Theory]
    [InlineData("SMTP_PORT", "many")]
    [InlineData("TZ", "Mars/Olympus")]
    public async Task A_setting_that_cannot_be_used_is_one_line_and_exit_code_2(string name, string value)
    {
        await using var tool = ChildProcess.StartTool(["mail", "--data", folder.Path], new Dictionary<string, string?> { [name] = value });

        (await tool.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(2, tool.Tail());

        tool.Output.ShouldHaveSingleItem().ShouldContain($"'{value}'");
    }

    Task<MailServer> Start(out int smtp, out Uri page)
    {
        (smtp, var web) = (Ports.Free(), Ports.Free());
        page = new($"http://127.0.0.1:{web}");
        return MailServer.Start(new(folder.Path, smtp, web, Tokyo));
    }

    static async Task<JsonElement> Json(HttpResponseMessage answer) => JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    static IReadOnlyList<string> Subjects(MailBox box) => [.. box.List(0, 100).Page.Select(mail => mail.Subject)];

    static MimeMessage Mail(string subject) => new([new MailboxAddress(null, "shop@ecom.local")], [new MailboxAddress(null, "ada@example.com")], subject, new TextPart("html") { Text = "<p>" });
}
