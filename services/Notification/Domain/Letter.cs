using System.Text;
using MimeKit;
using MimeKit.Text;

namespace Ecom.Notifications;

/// <summary>A mail's content, said once and written twice: as HTML, in which every word is encoded, and as plain text.</summary>
public sealed class Letter
{
    readonly StringBuilder html = new(), text = new();

    public Letter(string subject)
    {
        Subject = OneLine(subject);
        html.Append(Element("h2", Subject));
        text.Append(Subject).Append("\n\n");
    }

    public string Subject { get; }

    public string Text => text.ToString();

    public string Html => $"<!DOCTYPE html><html><body style=\"font-family:sans-serif\">{html}</body></html>";

    public Letter Paragraph(string words)
    {
        html.Append(Element("p", words));
        text.Append(OneLine(words)).Append("\n\n");
        return this;
    }

    public Letter Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        html.Append("<table cellpadding=\"6\">").Append(Row("th", head));
        foreach (var row in rows)
        {
            html.Append(Row("td", row));
            text.Append(string.Join("  ", row.Select(OneLine))).Append('\n');
        }
        html.Append("</table>");
        text.Append('\n');
        return this;
    }

    /// <summary>What comes from elsewhere starts no second header line and hides no control character.</summary>
    public static string OneLine(string words) => string.Concat(words.Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    /// <summary>One address, bare: no list, no name, nothing that a header or the binding's <c>;</c> lists would take apart.</summary>
    public static bool IsAddress(string address) =>
        MailboxAddress.TryParse(address, out var mailbox) && mailbox.Address == address && address.IndexOf('@') > 0 && !address.EndsWith('@') && !address.Any(c => c is ';' or ',' || char.IsControl(c) || char.IsWhiteSpace(c));

    static string Row(string cell, IReadOnlyList<string> words) => $"<tr>{string.Concat(words.Select(word => Element(cell, word)))}</tr>";

    static string Element(string tag, string words) => $"<{tag}>{HtmlUtils.HtmlEncode(OneLine(words))}</{tag}>";
}
