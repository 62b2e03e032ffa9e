using System.Text.Json;
using Ecom.Sidecar.Config;
using MimeKit;
using MimeKit.Text;

namespace Ecom.Sidecar.Mail;

/// <summary>A binding refused the request; the text is what daprd's would say.</summary>
sealed class BindingException(string message) : Exception(message);

/// <summary>
/// Dapr's bindings.smtp, whose server is the mail box. Unlike daprd's it forgets one request's
/// fields before the next, so an empty emailTo never reaches the previous address.
/// </summary>
sealed class MailBinding(Component component, MailBox box)
{
    public const int DefaultPriority = 3;

    public Task Invoke(string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
    {
        if (operation != "create")
            throw new BindingException($"binding {component.Name} does not support operation {operation}. supported operations:create");
        var message = new MimeMessage { Date = DateTimeOffset.UtcNow };
        message.From.AddRange(Addresses(Required(metadata, "emailFrom")));
        message.To.AddRange(Addresses(Required(metadata, "emailTo")));
        if (Field(metadata, "emailCC") is { } cc) message.Cc.AddRange(Addresses(cc));
        if (Field(metadata, "emailBCC") is { } bcc) message.Bcc.AddRange(Addresses(bcc));
        message.Subject = Required(metadata, "subject");
        message.Headers.Add("X-Priority", Priority(metadata).ToString());
        message.Body = new TextPart(TextFormat.Html) { Text = Text(data) };
        return box.Add(message);
    }

    string? Field(IReadOnlyDictionary<string, string> metadata, string name) =>
        metadata.GetValueOrDefault(name) is { Length: > 0 } own ? own : component.Metadata.GetValueOrDefault(name) is { Length: > 0 } set ? set : null;

    string Required(IReadOnlyDictionary<string, string> metadata, string name) => Field(metadata, name)
        ?? throw new BindingException($"smtp binding error: {name} property not supplied in configuration- or request-metadata");

    int Priority(IReadOnlyDictionary<string, string> metadata)
    {
        if (Field(metadata, "priority") is not { } text) return DefaultPriority;
        if (!int.TryParse(text, out var priority)) throw new BindingException($"strconv.Atoi: parsing \"{text}\": invalid syntax");
        return priority is >= 1 and <= 5 ? priority : throw new BindingException("smtp binding error:  priority value must be between 1 (highest) and 5 (lowest)");
    }

    static IEnumerable<MailboxAddress> Addresses(string list) => list.Split(';').Select(text =>
        // MimeKit takes a bare local part for an address; a mail server would not.
        MailboxAddress.TryParse(text.Trim(), out var address) && address.Address.IndexOf('@') > 0 && !address.Address.EndsWith('@') ? address
            : throw new BindingException($"error from smtp binding, sending email failed: gomail: invalid address \"{text}\": mail: missing '@' or angle-addr"));

    /// <summary>Over HTTP the body is JSON and a string is taken out of its quotes; over gRPC it is the HTML itself.</summary>
    static string Text(ReadOnlyMemory<byte> data)
    {
        var bytes = data.Span;
        if (bytes.Length > 1 && bytes[0] == '"' && bytes[^1] == '"')
            try { return JsonSerializer.Deserialize<string>(bytes) ?? ""; }
            catch (JsonException) { /* HTML that begins and ends with a quote */ }
        return System.Text.Encoding.UTF8.GetString(bytes);
    }
}
