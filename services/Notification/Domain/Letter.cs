using System.Text;
using MimeKit;
using MimeKit.Text;

namespace Ecom.Notifications;

/// <summary>
/// A mail's content, said once and written twice: as HTML, in which every word is encoded, and as plain text. Only the HTML can be mailed (ADR 0016),
/// so it has the text's lines and spaces, and reads as the text does where its tags are dropped.
/// </summary>
public sealed class Letter
{
    readonly StringBuilder html = new(), text = new();

    public Letter(string subject)
    {
        Subject = OneLine(subject);
        html.Append(Element("h2", Subject)).Append("\n\n");
        text.Append(Subject).Append("\n\n");
    }

    public string Subject { get; }

    public string Text => text.ToString();

    public string Html => $"<!DOCTYPE html><html><body style=\"font-family:sans-serif\">{html}</body></html>";

    public Letter Paragraph(string words)
    {
        html.Append(Element("p", words)).Append("\n\n");
        text.Append(OneLine(words)).Append("\n\n");
        return this;
    }

    public Letter Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        html.Append("<table cellpadding=\"6\">");
        Row("th", head);
        foreach (var row in rows)
            Row("td", row);
        html.Append("</table>\n");
        text.Append('\n');
        return this;
    }

    /// <summary>What comes from elsewhere starts no second header line and hides no control character.</summary>
    public static string OneLine(string words) => string.Concat(words.Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    /// <summary>One address, bare: no list, no name, nothing that a header or the binding's <c>;</c> lists would take apart.</summary>
    public static bool IsAddress(string address) =>
        MailboxAddress.TryParse(address, out var mailbox) && mailbox.Address == address && address.IndexOf('@') > 0 && !address.EndsWith('@') && !address.Any(c => c is ';' or ',' || char.IsControl(c) || char.IsWhiteSpace(c));

    void Row(string cell, IReadOnlyList<string> words)
    {
        html.Append("<tr>").AppendJoin("  ", words.Select(word => Element(cell, word))).Append("</tr>\n");
        text.AppendJoin("  ", words.Select(OneLine)).Append('\n');
    }

    static string Element(string tag, string words) => $"<{tag}>{HtmlUtils.HtmlEncode(OneLine(words))}</{tag}>";
}
