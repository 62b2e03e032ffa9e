using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tool;

sealed record AuditReport(string Place, Books Books, IReadOnlyList<string> Mismatches)
{
    public bool Ok => Mismatches.Count == 0;
}

/// <summary>Proves over the services' own data that every order ended or is alive, and that stock, money and mail add up.</summary>
static class Audit
{
    // Between a status and its mail, or an event and its mark, there are milliseconds; a real mismatch is still there after this.
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);

    // What waits in a queue goes when whoever takes it is back.
    static readonly TimeSpan Sending = TimeSpan.FromSeconds(60);

    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    public static Command Command()
    {
        var json = new Option<bool>("--json") { Description = "The last line of the output is one JSON object." };
        var shop = new ShopOptions();
        var command = new Command("audit", "Check the books of a shop, running or not. Exit code 1 when they do not add up.");
        shop.AddDataTo(command);
        command.Add(json);
        command.SetAction(async (parsed, cancel) =>
        {
            var choice = shop.Read(parsed);
            var report = await Settled(choice.OwnData(), Addresses.Read(choice), cancel);
            Terminal.Line($"books   {report.Place}");
            Print(report);
            if (parsed.GetValue(json))
                Figures.PrintJson(new { BooksOk = report.Ok, Orders = report.Books.Orders.Count, Open = report.Books.Open.Count, report.Mismatches });
            return report.Ok ? Exit.Ok : Exit.NotSo;
        });
        return command;
    }

    /// <summary>
    /// A shop in use is read while it works: asked again until it adds up, or until nothing more has come right for a while.
    /// After a burst the last mails take as long as they take. In one that is stopped nothing comes right.
    /// </summary>
    public static async Task<AuditReport> Settled(ServiceData data, Addresses addresses, CancellationToken cancel)
    {
        var (fewest, progress) = (int.MaxValue, Stopwatch.GetTimestamp());
        while (true)
        {
            var (began, isAtRest) = (Stopwatch.GetTimestamp(), data.IsAtRest);
            var books = await Books.Read(data, cancel);
            var report = new AuditReport(data.Place, books, [.. books.Mismatches(), .. await DeadSagas(books, addresses, cancel)]);
            if (report.Mismatches.Count + books.Waiting is var left && left < fewest)
                (fewest, progress) = (left, began);
            if (report.Ok || isAtRest || Stopwatch.GetElapsedTime(progress) > (books.Waiting > 0 ? Sending : Settling))
                return report;
            // Half of the time at most is spent with reading: the shop needs the machine to come right.
            var reading = Stopwatch.GetElapsedTime(began);
            await Task.Delay(reading > ShortestPause ? reading : ShortestPause, cancel);
        }
    }

    public static void Print(AuditReport report)
    {
        var books = report.Books;
        foreach (var mismatch in report.Mismatches)
            Terminal.Line($"{Terminal.Red("mismatch")} {mismatch}");
        var open = books.Open.Count == 0 ? "all ended" : $"{books.Open.Count} open";
        Terminal.Line($"orders  {books.Orders.Count}, {open}");
        Terminal.Line($"stock   {books.Products.Sum(product => product.Stock)} + {books.UnitsReserved} reserved + {books.UnitsSold} fulfilled = {books.Products.Sum(product => product.Initial)} initial + {books.Products.Sum(product => product.Restocked)} restocked");
        Terminal.Line($"money   {books.Charged:0.00} charged = {books.Sold:0.00} fulfilled + {books.Refunded:0.00} refunded{(books.Open.Count > 0 ? " + open orders" : "")}");
        Terminal.Line($"mail    {books.Mails.Count(mail => mail.Status == "SENT")} sent for {books.Orders.Count(order => order.Ended)} ended orders");
        if (report.Ok)
            Terminal.Line($"{Terminal.Green("the books add up")}");
        else
            Terminal.Line($"{Terminal.Red("the books do not add up")}: {report.Mismatches.Count} mismatches in {report.Place}");
    }

    /// <summary>An open order needs a saga that lives; where no sidecar runs, nobody can say, and the order is only open.</summary>
    static async Task<IReadOnlyList<string>> DeadSagas(Books books, Addresses addresses, CancellationToken cancel)
    {
        if (books.Open.Count == 0)
            return [];
        using var http = SidecarApi.Of(addresses, AppIds.Order);
        var dead = new List<string>();
        try
        {
            foreach (var order in books.Open)
                if (await Status(http, new Uri($"/v1.0/workflows/dapr/{order.Id}", UriKind.Relative), cancel) is not ("RUNNING" or "PENDING") and var status)
                    dead.Add($"order: {order.Id} is {order.Status} and open, but its saga is {status}");
        }
        catch (Exception away) when (away is HttpRequestException || away is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return [];
        }
        return dead;
    }

    static async Task<string> Status(HttpClient http, Uri workflow, CancellationToken cancel)
    {
        using var response = await http.GetAsync(workflow, cancel);
        if (!response.IsSuccessStatusCode)
            return response.StatusCode == HttpStatusCode.NotFound ? "not there" : $"not known ({(int)response.StatusCode})";
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancel);
        return answer.TryGetProperty("runtimeStatus", out var status) ? status.GetString() ?? "not there" : "not there";
    }
}
