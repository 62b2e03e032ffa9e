using System.Net;
using Microsoft.AspNetCore.Http;
using MimeKit;

namespace Ecom.Sidecar.Mail;

/// <summary>The caught mails for people (a small page) and for programs (JSON shaped like maildev's).</summary>
sealed class MailPages(MailBox box)
{
    const string Style = "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}table{border-collapse:collapse;width:100%}"
        + "td,th{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ddd}a{color:#0b57d0;text-decoration:none}iframe{width:100%;height:60vh;border:1px solid #ddd}</style>";
    const int MostOnPage = 500;

    public Task Answer(HttpContext http)
    {
        var path = (http.Request.Path.Value ?? "/").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (http.Request.Method, path) switch
        {
            ("GET", []) => Html(http, ListPage()),
            ("GET", ["mail", var id]) when box.Open(id) is { } mail => Html(http, MailPage(id, mail)),
            ("GET", ["mail", var id, "body"]) when box.Open(id) is { } mail => Body(http, mail),
            ("GET", ["email"]) => Json(http, box.List().Select(s => box.Open(s.Id) is { } mail ? ToJson(s.Id, mail) : null).Where(m => m is not null)),
            ("GET", ["email", var id]) when box.Open(id) is { } mail => Json(http, ToJson(id, mail)),
            ("DELETE", ["email", "all"]) => Json(http, box.RemoveAll()),
            ("DELETE", ["email", var id]) when box.Remove(id) => Json(http, true),
            ("GET", ["healthz"]) => Json(http, true),
            _ => NotFound(http),
        };
    }

    static Task Body(HttpContext http, MimeMessage mail)
    {
        // A mail is foreign text: it may not run scripts or call home.
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
        return Html(http, mail.HtmlBody ?? $"<pre>{WebUtility.HtmlEncode(mail.TextBody)}</pre>");
    }

    static Task Json(HttpContext http, object value) => http.Response.WriteAsJsonAsync(value);

    static Task Html(HttpContext http, string html)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(html);
    }

    static Task NotFound(HttpContext http)
    {
        http.Response.StatusCode = 404;
        return http.Response.WriteAsJsonAsync(new { error = "there is no such mail" });
    }

    string ListPage()
    {
        var mails = box.List();
        var rows = mails.Reverse().Take(MostOnPage).Select(m =>
            $"<tr><td>{m.Date:yyyy-MM-dd HH:mm:ss}Z<td>{Text(string.Join(", ", m.To))}<td><a href=\"/mail/{m.Id}\">{Text(m.Subject)}</a>");
        return $"<!doctype html><html lang=en><title>Mails</title>{Style}<h1>{mails.Count} mails</h1><table><tr><th>Sent<th>To<th>Subject{string.Concat(rows)}</table></html>";
    }

    static string MailPage(string id, MimeMessage m) =>
        $"<!doctype html><html lang=en><title>{Text(m.Subject)}</title>{Style}<p><a href=\"/\">All mails</a><h1>{Text(m.Subject)}</h1>"
        + $"<p>From {Text(m.From.ToString())}<br>To {Text(m.To.ToString())}<br>{m.Date.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z</p><iframe sandbox src=\"/mail/{id}/body\"></iframe></html>";

    static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");

    static object ToJson(string id, MimeMessage m) => new
    {
        id,
        subject = m.Subject ?? "",
        from = Addresses(m.From),
        to = Addresses(m.To),
        cc = Addresses(m.Cc),
        bcc = Addresses(m.Bcc),
        html = m.HtmlBody,
        text = m.TextBody ?? "",
        date = m.Date.UtcDateTime,
        headers = m.Headers.GroupBy(h => h.Field.ToLowerInvariant()).ToDictionary(g => g.Key, g => g.First().Value),
    };

    static IEnumerable<object> Addresses(InternetAddressList list) => list.Mailboxes.Select(a => new { address = a.Address, name = a.Name ?? "" });
}
