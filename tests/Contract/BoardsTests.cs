using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ecom.Tests.Support;

namespace Ecom.Tests.Contract;

/// <summary>Grafana's boards and Prometheus' alerts, read from their files. That their figures are there, and what fires when, is shown in tests/EndToEnd.</summary>
public sealed class BoardsTests
{
    static readonly string Compose = File.ReadAllText(Repository.File("docker-compose.yml"));

    [Fact]
    public void Every_board_is_found_and_has_a_name_of_its_own()
    {
        var folder = Boards.Yaml(Repository.File("deploy/docker/grafana/provisioning/dashboards/boards.yaml"))["providers"][0]["options"]["path"];

        Compose.ShouldContain($"./deploy/docker/grafana/boards:{folder}:ro");
        Boards.All.Select(board => Path.GetFileName(board.File)).ShouldBe(Boards.All.Select(board => $"{board.Board["uid"]}.json"));
        Boards.All.Select(board => (string)board.Board["title"]!).ShouldBeUnique();
        Path.GetFileName(Regex.Match(Compose, "DEFAULT_HOME_DASHBOARD_PATH: (\\S+)").Groups[1].Value).ShouldBeOneOf([.. Boards.All.Select(board => Path.GetFileName(board.File))]);
    }

    [Fact]
    public void A_panel_says_what_it_shows_in_which_unit_and_stands_on_no_other()
    {
        var source = Boards.Yaml(Repository.File("deploy/docker/grafana/provisioning/datasources/prometheus.yaml"))["datasources"][0];

        foreach (var (file, board) in Boards.All)
        {
            var panels = board["panels"]!.AsArray().Select(panel => panel!).ToList();
            panels.Count.ShouldBeInRange(1, 12, file);
            panels.Select(panel => (int)panel["id"]!).ShouldBe(Enumerable.Range(1, panels.Count), file);
            panels.SelectMany(Cells).ShouldBeUnique();
            foreach (var panel in panels)
            {
                (Text(panel["datasource"]!["type"]), Text(panel["datasource"]!["uid"])).ShouldBe(($"{source["type"]}", $"{source["uid"]}"), file);
                foreach (var text in (JsonNode?[])[panel["title"], panel["description"], panel["fieldConfig"]!["defaults"]!["unit"]])
                    Text(text).ShouldNotBeNullOrWhiteSpace($"{file} {panel["title"]}");
                panel["targets"]!.AsArray().ShouldAllBe(target => Text(target!["legendFormat"]).Length > 0);
                panel["targets"]!.AsArray().Select(target => Text(target!["refId"])).ShouldBeUnique();
            }
        }
    }

    /// <summary>Who is called in the night has something to do, and a place to read on.</summary>
    [Fact]
    public void An_alert_says_what_is_wrong_what_to_do_and_where_more_is_written()
    {
        var sections = Regex.Matches(File.ReadAllText(Repository.File("docs/troubleshooting.md")), "(?m)^### (\\w+)$").Select(section => section.Groups[1].Value).ToList();

        sections.ShouldBe(Boards.Alerts.Select(alert => $"{alert["alert"]}"));
        foreach (var alert in Boards.Alerts)
        {
            ((string[])["critical", "warning"]).ShouldContain($"{alert["labels"]["severity"]}");
            foreach (var part in (string[])["summary", "action"])
                $"{alert["annotations"][part]}".ShouldEndWith(".", Case.Sensitive, $"{alert["alert"]}");
            $"{alert["annotations"]["docs"]}".ShouldBe($"docs/troubleshooting.md#{$"{alert["alert"]}".ToLowerInvariant()}");
        }
    }

    [Fact]
    public void Prometheus_finds_its_rules_and_reads_who_is_in_compose()
    {
        var file = Boards.Yaml(Boards.PrometheusFile);
        var read = Regex.Matches(File.ReadAllText(Boards.PrometheusFile), "(?:targets: \\[\"|names: \\[)([a-z-]+)").Select(name => name.Groups[1].Value).Distinct();

        Boards.Sequence(file, "rule_files").Select(rules => $"{rules}").ShouldBe([Path.GetFileName(Boards.AlertsFile)]);
        Compose.ShouldContain("./deploy/docker/alerts.yml:/etc/prometheus/alerts.yml:ro");
        read.ShouldAllBe(name => Regex.IsMatch(Compose, $"(?m)^  {name}:"));
    }

    /// <summary>A panel that asks for what nobody counts stays empty without a word; .NET's, Spark's and Dapr's own metrics are theirs.</summary>
    [Fact]
    public void Boards_and_alerts_ask_for_metrics_that_the_code_has()
    {
        var made = new[] { "services", "spark/Jobs" }.SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"\.(?:Create\w+(?:<\w+>)?|FromZero|Duration)\(""(ecom_\w+)""")).Select(metric => metric.Groups[1].Value).ToHashSet();

        var asked = Boards.Questions.SelectMany(question => PromQl.Read(question.Expression)).Select(series => series.Metric).Where(metric => metric.StartsWith("ecom_", StringComparison.Ordinal)).Distinct().ToList();

        asked.Count.ShouldBeGreaterThan(15);
        // Prometheus' endings for a counter and for a histogram.
        asked.ShouldAllBe(metric => made.Contains(Regex.Replace(metric, "_(total|bucket)$", "")));
    }

    static IEnumerable<(int, int)> Cells(JsonNode panel)
    {
        var at = panel["gridPos"]!;
        return from x in Enumerable.Range((int)at["x"]!, (int)at["w"]!) from y in Enumerable.Range((int)at["y"]!, (int)at["h"]!) select (x, y);
    }

    static string Text(JsonNode? node) => (string?)node ?? "";
}
