using System.Text.RegularExpressions;

namespace Ecom.Orders;

/// <summary>Where a user's mail goes: decided here and nowhere else, notification-service takes the address as it comes.</summary>
public static partial class Mailbox
{
    /// <summary>A user id that is a mail address is its own; any other lives at example.com, with a character that would make that none as <c>%XX</c>.</summary>
    public static string Of(string userId) => Address().IsMatch(userId) ? userId : $"{Misplaced().Replace(userId, c => $"%{(int)c.Value[0]:X2}")}@example.com";

    [GeneratedRegex(@"^[\w-]+(\.[\w-]+)*@[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    /// <summary>A second @; a dot at an end or beside a dot.</summary>
    [GeneratedRegex(@"@|^\.|\.(?=\.|\z)")]
    private static partial Regex Misplaced();
}
