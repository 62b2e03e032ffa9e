using System.Text.RegularExpressions;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The series that the pages <c>/metrics</c> of a running shop show, and whether boards and alerts find there what they ask for.</summary>
static partial class Metrics
{
    /// <summary>Who has a metric, by how its name begins; a name that is not here is nobody's.</summary>
    static readonly Dictionary<string, string[]> Kinds = new()
    {
        ["services"] = ["ecom_inbox_", "ecom_event_", "ecom_dead_letters_", "ecom_queue_", "ecom_orders_", "ecom_saga", "ecom_checkouts_", "ecom_compensations_", "ecom_carts_", "http_server_", "dotnet_"],
        ["computed analytics"] = ["ecom_analytics_"],
        ["dapr"] = ["dapr_"],
        ["jobs"] = ["ecom_job_", "metrics_executor_"],
        ["prometheus"] = ["up", "ALERTS"],
    };

    /// <summary>The labels that prometheus.yml gives to all that it reads.</summary>
    static readonly string[] Given = ["app", "job", "instance"];

    public static async Task<string> Page(int port, string path = "/metrics")
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        return await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}{path}"));
    }

    /// <summary>The pages of these ports together have all that is asked for of these kinds; some figures are read from the databases, and come a little later.</summary>
    public static Task ShouldAnswerBoardsAndAlerts(this IEnumerable<int> ports, params string[] kinds) => Eventually.Until(
        async () =>
        {
            (await Task.WhenAll(ports.Select(port => Page(port)))).ShouldAnswerBoardsAndAlerts(kinds);
            return true;
        },
        TimeSpan.FromSeconds(20),
        "boards and alerts find their figures");

    /// <summary>Every metric and label of these kinds that a panel or an alert asks for is on one of the pages.</summary>
    public static void ShouldAnswerBoardsAndAlerts(this IEnumerable<string> pages, params string[] kinds)
    {
        var shown = pages.SelectMany(page => Sample().Matches(page)).ToLookup(sample => sample.Groups[1].Value, sample => Label().Matches(sample.Groups[2].Value).Select(label => label.Groups[1].Value).ToHashSet());
        var asked = Boards.Questions.SelectMany(question => PromQl.Read(question.Expression).Select(series => (question.By, Series: series))).ToList();

        asked.Select(ask => ask.Series.Metric).Where(metric => KindOf(metric) is null).ShouldBeEmpty();
        asked.RemoveAll(ask => !kinds.Contains(KindOf(ask.Series.Metric)));
        asked.ShouldNotBeEmpty();
        asked.Where(ask => !shown[ask.Series.Metric].Any(labels => ask.Series.Labels.Except(Given).All(labels.Contains))).Select(ask => $"{ask.By}: {ask.Series.Metric}{{{string.Join(", ", ask.Series.Labels)}}}").ShouldBeEmpty();
    }

    /// <summary>Each panel that asks for nothing but these kinds shows something.</summary>
    public static async Task ShouldFillPanels(this PrometheusServer prometheus, params string[] kinds)
    {
        foreach (var (by, expression) in Boards.Questions.Where(question => !question.By.StartsWith("alert ", StringComparison.Ordinal) && PromQl.Read(question.Expression).All(series => kinds.Contains(KindOf(series.Metric)))))
            await Eventually.Until(async () => (await prometheus.Ask(expression)).Count > 0, TimeSpan.FromSeconds(20), $"{by} has an answer");
    }

    /// <summary>An order that is fulfilled, and one that is paid, sold out and paid back.</summary>
    /// <param name="left">How many of PROD-016 there are.</param>
    public static async Task OrderForFigures(this Customer customer, int left)
    {
        var fulfilled = await customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-002", 1));
        var depleted = await customer.Order(Customer.NewUser("eve"), PaymentTokens.Success, ("PROD-016", left + 1));
        await customer.WaitFor(fulfilled, "FULFILLED");
        await customer.WaitFor(depleted, "CANCELLED");
        await Eventually.Until(async () => (await customer.Read(depleted)).Closed, TimeSpan.FromSeconds(30), "the money is given back");
    }

    static string? KindOf(string metric) => Kinds.FirstOrDefault(kind => kind.Value.Any(start => metric.StartsWith(start, StringComparison.Ordinal))).Key;

    [GeneratedRegex(@"(?m)^([A-Za-z_]\w*)(?:\{(.*)\})? \S+")]
    private static partial Regex Sample();

    [GeneratedRegex(@"(\w+)=""(?:[^""\\]|\\.)*""")]
    private static partial Regex Label();
}
