using System.Globalization;
using System.Text.RegularExpressions;

namespace Ecom.Notifications;

/// <summary>What a failure to mail means: no mail gets through at present; this one may later; this one never will.</summary>
public enum Refusal { Away, Later, Never }

/// <summary>The binding has one code for all its failures; its words, which are the mail server's or gomail's, tell them apart.</summary>
public static partial class Refusals
{
    public const string InvalidAddress = "invalid address";

    static readonly string[] Away = ["connection refused", "connection reset", "broken pipe", "i/o timeout", "no such host", "EOF", "x509:", "tls:", "unencrypted connection"];

    public static Refusal Read(string error) => Code().Match(error) is { Success: true } code ? Read(int.Parse(code.Groups[1].Value, CultureInfo.InvariantCulture))
        : error.Contains(InvalidAddress, StringComparison.Ordinal) ? Refusal.Never
        : Array.Exists(Away, words => error.Contains(words, StringComparison.Ordinal)) ? Refusal.Away
        : Refusal.Later;

    static Refusal Read(int code) => code switch
    {
        // The server is going down, or does not know us: a wrong password is nobody's last mail.
        421 or 454 or 530 or 534 or 535 or 538 => Refusal.Away,
        501 or >= 550 => Refusal.Never,
        _ => Refusal.Later,
    };

    /// <summary>The first code of a mail server: <c>gomail: could not send email 1: 550 no such user</c>.</summary>
    [GeneratedRegex(@"(?:^|: )([45]\d\d)[ -]")]
    private static partial Regex Code();
}
