using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ecom.Tool;

/// <summary>The mails that have really come, as the page on 8025 shows them.</summary>
static class Postbox
{
    const int Page = 500;

    /// <returns>How many of these orders have a mail more than once; null where no page of mails is.</returns>
    public static async Task<int?> Twice(int port, IReadOnlySet<string> orders, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://localhost:{port}") };
        var subjects = new List<string>();
        try
        {
            for (var total = 1; subjects.Count < total;)
            {
                using var answer = await http.GetAsync(new Uri($"/email?limit={Page}&offset={subjects.Count}", UriKind.Relative), cancel);
                answer.EnsureSuccessStatusCode();
                var mails = (await answer.Content.ReadFromJsonAsync<JsonElement[]>(cancel))!;
                subjects.AddRange(mails.Select(mail => mail.GetProperty("subject").GetString() ?? ""));
                total = mails.Length > 0 && answer.Headers.TryGetValues("X-Total-Count", out var counted) ? int.Parse(counted.First(), CultureInfo.InvariantCulture) : 0;
            }
        }
        catch (Exception away) when (away is HttpRequestException or JsonException || away is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
        return subjects.Select(subject => subject.Split('#')[^1]).Where(orders.Contains).CountBy(order => order).Count(order => order.Value > 1);
    }
}
