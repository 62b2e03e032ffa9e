using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using MimeKit;

namespace Ecom.Sidecar.Mail;

/// <summary>The caught mails for people (a small page, on their clock) and for programs (JSON shaped like maildev's, in UTC), newest first and page by page.</summary>
sealed class MailPages(MailBox box, TimeZoneInfo zone)
{
    const string Style = "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}table{border-collapse:collapse;width:100%}"
        + "td,th{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ddd}a{color:#0b57d0;text-decoration:none}iframe{width:100%;height:60vh;border:1px solid #ddd}</style>";
    const int OnPage = 100, MostOnPage = 500;

    public Task Answer(HttpContext http)
    {
        var path = (http.Request.Path.Value ?? "/").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (http.Request.Method, path) switch
        {
            ("GET", []) => Html(http, ListPage(Number(http, "offset", 0, int.MaxValue))),
            ("GET", ["mail", var id]) when box.Open(id) is { } mail => Html(http, MailPage(id, mail)),
            ("GET", ["mail", var id, "body"]) when box.Open(id) is { } mail => Body(http, mail),
            ("GET", ["email"]) => JsonPage(http),
            ("GET", ["email", var id]) when box.Open(id) is { } mail => Json(http, ToJson(id, mail)),
            ("GET", ["email", var id, "download"]) when box.Open(id) is { } mail => Download(http, id, mail),
            ("DELETE", ["email", "all"]) => RemoveAll(http),
            ("DELETE", ["email", var id]) => Remove(http, id),
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

    /// <summary><c>?subject=</c> only these, <c>?limit=&amp;offset=</c> a page; only the page's mails are read.</summary>
    Task JsonPage(HttpContext http)
    {
        var subject = http.Request.Query["subject"].FirstOrDefault();
        var (total, page) = box.List(Number(http, "offset", 0, int.MaxValue), Number(http, "limit", OnPage, MostOnPage), subject);
        http.Response.Headers["X-Total-Count"] = total.ToString(CultureInfo.InvariantCulture);
        return Json(http, page.Select(mail => box.Open(mail.Id) is { } message ? ToJson(mail.Id, message) : null).Where(mail => mail is not null));
    }

    async Task Remove(HttpContext http, string id) => await (await box.Remove(id) ? Json(http, true) : NotFound(http));

    async Task RemoveAll(HttpContext http)
    {
        await box.RemoveAll();
        await Json(http, true);
    }

    /// <summary>As a file that any mail program opens.</summary>
    static Task Download(HttpContext http, string id, MimeMessage mail)
    {
        http.Response.ContentType = "message/rfc822";
        http.Response.Headers.ContentDisposition = $"attachment; filename={id}.eml";
        return mail.WriteToAsync(http.Response.Body, http.RequestAborted);
    }

    static int Number(HttpContext http, string name, int otherwise, int most) =>
        int.TryParse(http.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Min(number, most) : otherwise;

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

    string ListPage(int offset)
    {
        var (total, mails) = box.List(offset, OnPage);
        var rows = mails.Select(m => $"<tr><td>{Time(m.Date)}<td>{Text(string.Join(", ", m.To))}<td><a href=\"/mail/{m.Id}\">{Text(m.Subject)}</a>");
        var newer = offset > 0 ? $"<a href=\"/?offset={Math.Max(0, offset - OnPage)}\">newer</a> " : "";
        var older = offset + OnPage < total ? $"<a href=\"/?offset={offset + OnPage}\">older</a>" : "";
        return $"<!doctype html><html lang=en><title>Mails</title>{Style}<h1>{total} mails</h1><table><tr><th>Sent ({Text(zone.Id)})<th>To<th>Subject{string.Concat(rows)}</table><p>{newer}{older}</html>";
    }

    string MailPage(string id, MimeMessage m) =>
        $"<!doctype html><html lang=en><title>{Text(m.Subject)}</title>{Style}<p><a href=\"/\">All mails</a><h1>{Text(m.Subject)}</h1>"
        + $"<p>From {Text(m.From.ToString())}<br>To {Text(m.To.ToString())}<br>{Time(m.Date)} ({Text(zone.Id)}) <a href=\"/email/{id}/download\">as a file</a></p><iframe sandbox src=\"/mail/{id}/body\"></iframe></html>";

    string Time(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

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
