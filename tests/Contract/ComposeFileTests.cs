using System.Text.RegularExpressions;
using Ecom.Tests.Support;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Ecom.Tests.Contract;

/// <summary>What docker-compose.yml promises, read from the file: it holds on machines without Docker too.</summary>
public sealed class ComposeFileTests
{
    static readonly string Text = File.ReadAllText(Repository.File("docker-compose.yml"));
    static readonly string Example = File.ReadAllText(Repository.File(".env.example"));
    static readonly Dictionary<string, object> Whole = Read();

    static readonly Dictionary<string, Dictionary<object, object>> Services =
        ((Dictionary<object, object>)Whole["services"]).ToDictionary(s => (string)s.Key, s => (Dictionary<object, object>)s.Value);

    [Fact]
    public void Every_container_has_a_bound_a_profile_a_rotated_log_and_something_to_do_when_it_ends()
    {
        foreach (var (name, service) in Services)
        {
            foreach (var key in new[] { "mem_limit", "profiles", "logging", "restart", "image" })
                service.Keys.ShouldContain(key, name);
            foreach (var key in new[] { "max-size", "max-file" })
                Map(Map(service["logging"])["options"]).Keys.ShouldContain(key, name);
            service["restart"].ShouldBe(name == "setup" ? "no" : "unless-stopped", name);
        }
    }

    [Fact]
    public void The_profile_infra_is_what_dapr_run_needs_beside_it_and_nothing_else() =>
        Services.Keys.Where(name => IsOf(name, "infra")).Order().ShouldBe(["infra-scheduler", "kafka-1", "kafka-2", "kafka-3", "mail", "placement", "postgres", "redis"]);

    [Fact]
    public void The_example_turns_on_every_profile_that_is_not_instead_of_the_shop() =>
        Regex.Match(Example, "(?m)^COMPOSE_PROFILES=(.*)$").Groups[1].Value.Split(',').Append("infra")
            .ShouldBe(Services.Values.SelectMany(service => List(service, "profiles")).Distinct(), ignoreOrder: true);

    [Theory]
    [InlineData("cart")]
    [InlineData("order")]
    [InlineData("payment")]
    [InlineData("inventory")]
    [InlineData("notification")]
    [InlineData("analytics")]
    public void A_service_and_its_sidecar_share_a_pod_and_wait_for_the_setup(string name)
    {
        foreach (var part in new[] { $"{name}-service", $"{name}-dapr" })
        {
            Services[part]["network_mode"].ShouldBe($"service:{name}-pod");
            Condition(part, "setup").ShouldBe("service_completed_successfully");
            Condition(part, "redis").ShouldBe("service_healthy");
        }

        Services[$"{name}-service"].Keys.ShouldContain("healthcheck");
        List(Services[$"{name}-dapr"], "command").ShouldBe(["--app-id", $"{name}-service"]);
    }

    [Fact]
    public void Three_brokers_keep_three_replicas_of_which_two_must_have_a_record()
    {
        foreach (var number in new[] { 1, 2, 3 })
        {
            var settings = Map(Services[$"kafka-{number}"]["environment"]);
            (settings["KAFKA_NODE_ID"], settings["KAFKA_DEFAULT_REPLICATION_FACTOR"], settings["KAFKA_MIN_INSYNC_REPLICAS"]).ShouldBe(($"{number}", "3", "2"));
        }
    }

    [Fact]
    public void The_shop_fits_into_5_GB_and_everything_into_10()
    {
        Megabytes("shop").ShouldBeLessThanOrEqualTo(5 * 1024);
        Megabytes("shop", "spark", "ui", "observability").ShouldBeLessThanOrEqualTo(10 * 1024);
    }

    [Fact]
    public void Nothing_is_published_but_to_this_machine()
    {
        var ports = Services.Values.SelectMany(service => List(service, "ports")).ToList();

        ports.Count.ShouldBeGreaterThan(20);
        ports.ShouldAllBe(port => Regex.IsMatch(port, @"^127\.0\.0\.1:\d+:\d+$"));
        ports.Select(port => port.Split(':')[1]).ShouldBeUnique();
    }

    [Theory]
    [InlineData("analytics-pod", "8006")]
    [InlineData("mail", "1025 8025")]
    [InlineData("spark-master", "9080")]
    [InlineData("spark-worker-1", "8081")]
    [InlineData("spark-worker-2", "8082")]
    [InlineData("spark-connect", "4040 15002")]
    [InlineData("kafka-ui", "8080")]
    [InlineData("pgadmin", "5050")]
    [InlineData("redis-commander", "8083")]
    [InlineData("prometheus", "9090")]
    [InlineData("grafana", "3000")]
    [InlineData("zipkin", "9411")]
    public void A_page_is_on_the_port_by_which_it_is_known(string name, string ports) => Published(name).ShouldBe(ports.Split(' '));

    [Fact]
    public void The_readme_has_every_page_of_a_profile()
    {
        var rows = Regex.Matches(File.ReadAllText(Repository.File("README.md")), @"(?m)^\| http://localhost:([\d, ]+) \| [^|]+ \| (spark|ui|observability) \|$");

        rows.Count.ShouldBe(3);
        foreach (Match row in rows)
            row.Groups[1].Value.Split(", ").ShouldBe(Services.Keys.Where(name => IsOf(name, row.Groups[2].Value)).SelectMany(Published).Except(["15002"]), ignoreOrder: true);
    }

    [Fact]
    public void A_version_stands_in_one_place()
    {
        var images = Map(Whole["x-images"]).Values.Cast<string>().ToList();

        Regex.Matches(Text, @"\bimage: (\S+)").Select(image => image.Groups[1].Value).ShouldAllBe(image => Regex.IsMatch(image, @"^(\*[a-z-]+-image|ecomdapr/[a-z-]+)$"));
        // Where it has to be said again, it is the same.
        images.ShouldContain($"apache/spark:{Regex.Match(Text, @"spark-sql-kafka-\S+:([\d.]+)").Groups[1].Value}");
        Regex.Matches(File.ReadAllText(Repository.File("tools/Ecom/Doctor.cs")), @"docker run .* (\S+)""").Select(image => image.Groups[1].Value).ShouldBeSubsetOf(images);
    }

    [Fact]
    public void No_password_stands_in_a_file()
    {
        var values = Services.Values.Where(service => service.ContainsKey("environment")).SelectMany(service => Map(service["environment"]))
            .Where(setting => Regex.IsMatch((string)setting.Key, "PASSWORD$|AUTH$|TOKEN$|KEY$")).Select(setting => setting.Value as string ?? "").Distinct().ToList();

        values.ShouldContain("${POSTGRES_PASSWORD}");
        values.ShouldAllBe(value => Regex.IsMatch(value, @"^(\$\{\w+_(PASSWORD|TOKEN|KEY)(:\?[^}]*)?\})?$"));
        Regex.Matches(Example, @"(?m)^\w*(?:PASSWORD|TOKEN|KEY)=(.*)$").Select(setting => setting.Groups[1].Value.Trim()).ShouldAllBe(value => value == "");
    }

    [Fact]
    public void No_service_and_no_sidecar_runs_without_tokens()
    {
        foreach (var name in Services.Keys.Where(name => name.EndsWith("-service", StringComparison.Ordinal) || name.EndsWith("-dapr", StringComparison.Ordinal)))
            foreach (var token in (string[])["APP_API_TOKEN", "DAPR_API_TOKEN", .. name.EndsWith("-service", StringComparison.Ordinal) ? ["ECOM_ADMIN_KEY"] : Array.Empty<string>()])
                ((string)Map(Services[name]["environment"])[token]).ShouldStartWith($"${{{token}:?", Case.Sensitive, name);
    }

    [Fact]
    public void A_service_answers_to_the_name_by_which_Prometheus_reads_it()
    {
        var scraped = Regex.Matches(File.ReadAllText(Repository.File("deploy/docker/prometheus.yml")), @"([a-z-]+):8080").Select(target => target.Groups[1].Value).ToList();

        scraped.Count.ShouldBe(6);
        foreach (var name in scraped)
            ((string)Map(Services[name]["environment"])["AllowedHosts"]).Split(';').ShouldBe(["localhost", "127.0.0.1", .. scraped, "${AllowedHosts:-}"]);
    }

    [Theory]
    [InlineData("kafka-1", "/var/lib/kafka/data")]
    [InlineData("kafka-2", "/var/lib/kafka/data")]
    [InlineData("kafka-3", "/var/lib/kafka/data")]
    [InlineData("postgres", "/var/lib/postgresql/data")]
    [InlineData("redis", "/data")]
    [InlineData("scheduler", "/data")]
    [InlineData("infra-scheduler", "/data")]
    [InlineData("spark-connect", "/opt/spark/work-dir")]
    [InlineData("prometheus", "/prometheus")]
    public void What_must_last_lies_on_a_volume_that_has_a_name(string name, string folder)
    {
        var volume = Regex.Match(List(Services[name], "volumes").Single(mount => mount.EndsWith($":{folder}", StringComparison.Ordinal)), "^([a-z0-9-]+):").Groups[1].Value;

        Map(Whole["volumes"]).Keys.ShouldContain(volume);
    }

    [Fact]
    public void What_is_mounted_of_the_repository_is_there()
    {
        var mounted = Regex.Matches(Text, @"(\./[\w./-]+)(?::/|, target:)").Select(path => path.Groups[1].Value).Distinct().ToList();

        mounted.ShouldContain("./components/kafka");
        mounted.ShouldContain("./pgAdmin_queries.sql");
        mounted.ShouldAllBe(path => Path.Exists(Repository.File(path)));
        // The same components as for `dapr run`.
        File.ReadAllText(Repository.File("dapr.yaml")).ShouldContain("- ./components/kafka\n");
    }

    [Fact]
    public void No_image_is_the_latest()
    {
        Services.Values.Select(service => (string)service["image"]).Where(image => !image.StartsWith("ecomdapr/", StringComparison.Ordinal))
            .ShouldAllBe(image => Regex.IsMatch(image, @":v?\d"));
    }

    [Fact]
    public void Every_setting_of_the_shop_in_the_example_reaches_the_services()
    {
        var example = Example.Split("# --- The shop")[1].Split("# --- Logs")[0];
        var environment = Map(Services["order-service"]["environment"]);

        Regex.Matches(example, "(?m)^([A-Z_]+)=").Select(m => m.Groups[1].Value).Except(environment.Keys.Cast<string>()).ShouldBeEmpty();
    }

    /// <summary>One-shot containers are gone when the shop runs, and `infra` is instead of the shop.</summary>
    static int Megabytes(params string[] profiles) => Services
        .Where(service => (string)service.Value["restart"] != "no" && profiles.Any(profile => IsOf(service.Key, profile)))
        .Sum(service => int.Parse(((string)service.Value["mem_limit"]).TrimEnd('m')));

    static bool IsOf(string name, string profile) => List(Services[name], "profiles").Contains(profile);

    static string Condition(string name, string other) => (string)Map(Map(Services[name]["depends_on"])[other])["condition"];

    static IEnumerable<string> Published(string name) => List(Services[name], "ports").Select(port => port.Split(':')[1]);

    static IReadOnlyList<string> List(Dictionary<object, object> service, string key) => service.TryGetValue(key, out var list) ? [.. ((List<object>)list).OfType<string>()] : [];

    static Dictionary<object, object> Map(object node) => (Dictionary<object, object>)node;

    static Dictionary<string, object> Read() => new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(new MergingParser(new Parser(new StringReader(Text))));
}
