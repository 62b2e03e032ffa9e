using Ecom.Contracts;
using Ecom.Notifications;
using Ecom.Orders;

namespace Ecom.Tests.Unit;

public sealed class MailboxTests
{
    const string Alphabet = "aZ0._@-";

    [Theory]
    [InlineData("ann", "ann@example.com")]
    [InlineData("ann.lee-2_x", "ann.lee-2_x@example.com")]
    [InlineData("ann@mail.org", "ann@mail.org")]
    [InlineData("Ann.Lee@my-mail.co.uk", "Ann.Lee@my-mail.co.uk")]
    [InlineData("ann@localhost", "ann@localhost")]
    [InlineData("a@", "a%40@example.com")]
    [InlineData("@", "%40@example.com")]
    [InlineData("a@b@c", "a%40b%40c@example.com")]
    [InlineData("a@-b", "a%40-b@example.com")]
    [InlineData("a@b.", "a%40b%2E@example.com")]
    [InlineData("..a..b.", "%2E.a%2E.b%2E@example.com")]
    public void A_user_is_written_to_at_the_own_address_or_at_example_com(string user, string expected) => Mailbox.Of(user).ShouldBe(expected);

    [Fact]
    public void Every_user_has_a_mailbox_that_mail_goes_to_and_nobody_else_has()
    {
        string[] two = [.. Alphabet.Select(c => $"{c}"), .. Alphabet.SelectMany(a => Alphabet.Select(b => $"{a}{b}"))];
        string[] users = [.. two.SelectMany(a => two.Select(b => a + b)).Distinct()];

        users.ShouldAllBe(user => Ids.IsValid(user));
        users.Where(user => !Letter.IsAddress(Mailbox.Of(user))).ShouldBeEmpty();
        users.GroupBy(Mailbox.Of).Where(same => same.Count() > 1).ShouldBeEmpty();
    }
}
