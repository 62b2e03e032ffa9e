using System.Text.RegularExpressions;
using Ecom.Contracts;
using Ecom.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace Ecom.Tests.Contract;

/// <summary>The names in YAML and in the README are the constants of the code.</summary>
public sealed class NamesTests
{
    static readonly string[] Apps = [AppIds.Cart, AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification, AppIds.Analytics];

    static readonly Dictionary<string, string[]> Users = new()
    {
        [Components.PubSub] = Apps,
        [Components.CartStore] = [AppIds.Cart],
        [Components.OrderStore] = [AppIds.Order],
        [Components.Mail] = [AppIds.Notification],
        [Components.SecretStore] = Apps,
    };

    [Theory]
    [InlineData("embedded")]
    [InlineData("kafka")]
    public void Each_way_of_running_has_the_same_components_for_the_same_services(string way)
    {
        var components = Directory.GetFiles(Repository.File($"components/{way}"), "*.yaml").Select(Yaml).Where(y => Text(y, "kind") == "Component").ToList();

        components.Select(c => Text(c, "metadata", "name")).Order().ShouldBe(Users.Keys.Order());
        foreach (var component in components)
            ((YamlSequenceNode)component["scopes"]).Select(s => s.ToString()).Order().ShouldBe(Users[Text(component, "metadata", "name")].Order());
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("kafka")]
    public void Each_component_file_opens_with_three_lines_about_itself(string way)
    {
        foreach (var file in Directory.GetFiles(Repository.File($"components/{way}"), "*.yaml"))
            File.ReadLines(file).Take(3).ShouldAllBe(line => line.StartsWith('#'), file);
    }

    [Fact]
    public void Each_way_of_running_has_the_same_patience()
    {
        static YamlNode Spec(string way) => Yaml(Repository.File($"components/{way}/resiliency.yaml"))["spec"];

        Spec("embedded").Equals(Spec("kafka")).ShouldBeTrue();
    }

    [Fact]
    public void The_run_file_starts_the_six_services_on_the_ports_of_the_readme()
    {
        var readme = File.ReadAllText(Repository.File("README.md"));
        var apps = (YamlSequenceNode)Yaml(Repository.File("dapr.yaml"))["apps"];

        var ports = apps.ToDictionary(app => Text(app, "appID"), app => Text(app, "appPort"));

        ports.Keys.ShouldBe(Apps);
        ports.ShouldBe(Regex.Matches(readme, @"http://localhost:(\d+) \| ([a-z-]+-service)").ToDictionary(m => m.Groups[2].Value, m => m.Groups[1].Value), ignoreOrder: true);
    }

    [Fact]
    public void Each_app_has_the_next_ports_of_each_kind()
    {
        var apps = ((YamlSequenceNode)Yaml(Repository.File("dapr.yaml"))["apps"]).ToList();

        foreach (var (i, app) in apps.Index())
            new[] { "appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort" }.Select(port => int.Parse(Text(app, port))).ShouldBe([8001 + i, 3501 + i, 3601 + i, 9101 + i]);
    }

    /// <summary>A system takes the ports of outgoing connections from there, and any program's may lie on one of ours. Dapr's placement and scheduler are where Dapr puts them.</summary>
    [Fact]
    public void No_fixed_port_lies_where_systems_take_those_of_outgoing_connections()
    {
        string[] files =
        [
            Repository.File("dapr.yaml"), Repository.File(".env.example"), Repository.File("README.md"),
            .. Directory.GetFiles(Repository.File("components"), "*.yaml", SearchOption.AllDirectories),
            .. Directory.GetFiles(Repository.File("services"), "README.md", SearchOption.AllDirectories),
            .. Directory.GetFiles(Repository.Root, "docker-compose*.yml"),
        ];

        foreach (var file in files)
            Regex.Matches(File.ReadAllText(file), @"(?i)(?:port\w*[=:]\s*""?|localhost:|127\.0\.0\.1:)(\d{4,5})\b").Select(m => int.Parse(m.Groups[1].Value)).Except([50005, 50006])
                .ShouldAllBe(port => port < 32768, file);
    }

    [Fact]
    public void The_files_that_the_readme_names_exist()
    {
        var readme = File.ReadAllText(Repository.File("README.md"));

        var named = Regex.Matches(readme, @"`((?:services|workflows|tools|tests|components|sidecar|spark|docs)/[\w./-]*)`").Select(m => m.Groups[1].Value);

        named.ShouldAllBe(path => Path.Exists(Repository.File(path)));
    }

    [Fact]
    public void Every_setting_of_the_example_is_read_by_something()
    {
        string[] kinds = [".cs", ".yaml"], folders = ["services", "sidecar", "spark", "tools", "components"];
        var readers = folders.SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*", SearchOption.AllDirectories))
            .Where(file => kinds.Contains(Path.GetExtension(file)) && !file.Contains("/obj/")).Select(File.ReadAllText).Append(File.ReadAllText(Repository.File("docker-compose.yml"))).ToList();

        var settings = Regex.Matches(File.ReadAllText(Repository.File(".env.example")), @"(?m)^(?:# )?([A-Z][A-Za-z_]+)=").Select(m => m.Groups[1].Value).ToList();

        settings.Count.ShouldBeGreaterThan(20);
        // .NET itself reads the connection string's name, Docker the profiles.
        settings.Except(["ConnectionStrings__Db", "COMPOSE_PROFILES"]).ShouldAllBe(setting => readers.Any(text => Regex.IsMatch(text, $"\\b{setting}\\b")));
    }

    static YamlMappingNode Yaml(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(file)));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    static string Text(YamlNode node, params string[] path) => path.Aggregate(node, (at, key) => at[key]).ToString();
}
