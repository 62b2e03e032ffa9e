using System.Text.RegularExpressions;

namespace Ecom.Contracts;

/// <summary>Where a user's mail goes.</summary>
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
