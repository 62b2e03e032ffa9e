using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Ecom.Tests.Support;

/// <summary>What is asked of Prometheus, and by whom.</summary>
public sealed record Question(string By, string Expression);

/// <summary>Grafana's boards and Prometheus' alerts, as their files have them.</summary>
public static class Boards
{
    public static string AlertsFile { get; } = Repository.File("deploy/docker/alerts.yml");

    public static string PrometheusFile { get; } = Repository.File("deploy/docker/prometheus.yml");

    /// <summary>Each board's file, and what is in it.</summary>
    public static IReadOnlyList<(string File, JsonNode Board)> All { get; } =
        [.. Directory.EnumerateFiles(Repository.File("deploy/docker/grafana/boards")).Order().Select(file => (file, JsonNode.Parse(File.ReadAllText(file))!))];

    public static IReadOnlyList<YamlMappingNode> Alerts { get; } =
        [.. from @group in Sequence(Yaml(AlertsFile), "groups") from rule in Sequence(@group, "rules") select (YamlMappingNode)rule];

    /// <summary>Of the panels and of the alerts.</summary>
    public static IReadOnlyList<Question> Questions { get; } =
    [
        .. from board in All
           from panel in board.Board["panels"]!.AsArray()
           from target in panel!["targets"]!.AsArray()
           select new Question($"{board.Board["title"]}: {panel["title"]}", (string)target!["expr"]!),
        .. Alerts.Select(alert => new Question($"alert {alert["alert"]}", alert["expr"].ToString())),
    ];

    public static YamlNode Yaml(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(file)));
        return yaml.Documents[0].RootNode;
    }

    public static YamlSequenceNode Sequence(YamlNode node, string key) => (YamlSequenceNode)node[key];
}
