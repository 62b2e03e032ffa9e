using System.Net;
using System.Net.Sockets;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Ecom.Tests.Conformance;

/// <summary>Every mistake is said in one line that names the place, before anything starts.</summary>
public sealed class SetupTests : IDisposable
{
    const string Component = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  type: state.sqlite\n  version: v1\n";
    const string App = "version: 1\napps:\n  - appID: a\n    appDirPath: .\n    appPort: 1\n    daprHTTPPort: 2\n    daprGRPCPort: 3\n";
    readonly TempFolder folder = new("setup");
    readonly int[] ports = Ports.Free(4);

    [Theory]
    [InlineData("version: 1\napps:\n  - appID: a\n    appPrt: 1\n", "dapr.yaml:3", "appDirPath")]
    [InlineData("version: 1\napps: [\n", "dapr.yaml:", "not valid YAML")]
    [InlineData("version: 1\ntypo: 2\napps: []\n", "dapr.yaml:2", "unknown field 'typo'")]
    [InlineData("version: 1\napps:\n  - appID: a.b\n    appDirPath: .\n", "dapr.yaml:3", "no dot")]
    [InlineData("version: 1\napps:\n  - appDirPath: nowhere\n", "dapr.yaml:3", "not there")]
    [InlineData("version: 1\napps:\n  - appID: a\n    appDirPath: .\n    appPort: many\n", "dapr.yaml:5", "whole number")]
    [InlineData("version: 1\napps:\n  - appID: a\n    appDirPath: .\n    appPort: 70000\n", "dapr.yaml:5", "between 1 and 65535")]
    [InlineData("version: 1\napps:\n  - appID: a\n    appDirPath: .\n", "dapr.yaml:3", "'appPort' is missing")]
    [InlineData("apps: []\n", "dapr.yaml:1", "version")]
    [InlineData(App + "    appMaxConcurrency: 1\n", "dapr.yaml:8", "does not do 'appMaxConcurrency'")]
    [InlineData(App + "    maxBodySize: 16Mi\n", "dapr.yaml:8", "does not do 'maxBodySize'")]
    [InlineData(App + "    unixDomainSocket: /tmp/s\n", "dapr.yaml:8", "does not do 'unixDomainSocket'")]
    [InlineData(App + "    appSSL: true\n", "dapr.yaml:8", "'appSSL' must be false")]
    [InlineData(App + "    appProtocol: grpc\n", "dapr.yaml:8", "'appProtocol' must be http")]
    [InlineData(App + "    apiListenAddresses: 0.0.0.0\n", "dapr.yaml:8", "'apiListenAddresses' must be 127.0.0.1 or localhost")]
    public async Task A_wrong_run_file_is_explained(string text, string place, string why) => await Fails(text, Component, place, why);

    [Theory]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n  type: state.redis\n  version: v1\n", "c.yaml:6", "no component type 'state.redis'")]
    [InlineData(Component + "  colour: blue\n", "c.yaml:8", "unknown field 'colour'")]
    [InlineData(Component + "  metadata:\n    - name: redisHost\n      value: x\n", "c.yaml:9", "does not know 'redisHost'")]
    [InlineData(Component + "---\n" + Component, "c.yaml:9", "a second Component named 'store'")]
    [InlineData("kind: Component\n", "c.yaml:1", "lacks the field 'apiVersion'")]
    [InlineData("a: [\n", "c.yaml:", "not valid YAML")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Lock\nmetadata:\n  name: x\n", "c.yaml:2", "does not know dapr.io/v1alpha1 Lock")]
    [InlineData(Component + "  metadata:\n    - name: keyPrefix\n      envRef: ECOM_NOT_SET_ANYWHERE\n", "c.yaml:10", "ECOM_NOT_SET_ANYWHERE is not set")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n  type: secretstores.local.env\n  version: v1\n", "c.yaml:6", "needs a 'prefix'")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\nspec:\n  type: secretstores.local.env\n  version: v1\n  metadata:\n    - name: prefix\n      value: ''\n", "c.yaml:6", "needs a 'prefix'")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: r\nspec:\n  policies:\n    retries:\n      a:\n        policy: often\n  targets: {}\n", "c.yaml:9", "constant or exponential")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: r\nspec:\n  policies:\n    circuitBreakers: {}\n  targets: {}\n", "c.yaml:7", "unknown field 'circuitBreakers'")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: r\nspec:\n  policies: {}\n  targets:\n    apps:\n      a:\n        circuitBreaker: b\n", "c.yaml:10", "unknown field 'circuitBreaker'")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: r\nspec:\n  policies: {}\n  targets:\n    apps:\n      a:\n        retry: none\n", "c.yaml:10", "no retry policy named 'none'")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\n  namespace: other\nspec:\n  type: state.sqlite\n  version: v1\n", "c.yaml:4", "not 'other'")]
    [InlineData(Component + "  ignoreErrors: true\n", "c.yaml:8", "does not start with a component that is wrong")]
    [InlineData(Component + "auth:\n  secretStore: vault\n", "c.yaml:9", "no secretstores.local.env component named 'vault'")]
    [InlineData(Component + "  metadata:\n    - name: keyPrefix\n      secretKeyRef:\n        name: A\n", "c.yaml:11", "needs the name of its store")]
    public async Task A_wrong_component_file_is_explained(string text, string place, string why) => await Fails(RunFile(), text, place, why);

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, ports[1]);
        taken.Start();

        await Fails(RunFile(), Component, $"{ports[1]}", "is taken");
    }

    [Fact]
    public async Task A_folder_has_one_host_at_a_time()
    {
        await using var first = await EmbeddedHost.Start(Options(RunFile(), Component) with { FreePorts = true });

        await Fails(RunFile(), Component, "data", "in use by another host");
    }

    [Fact]
    public async Task A_file_of_a_later_release_is_left_alone()
    {
        await using (await EmbeddedHost.Start(Options(RunFile(), Component) with { FreePorts = true }))
        {
        }
        var file = Path.Combine(folder.File("data"), "sidecars.db");
        using (var db = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            db.Open();
            using var later = db.CreateCommand();
            later.CommandText = "PRAGMA user_version = 7";
            later.ExecuteNonQuery();
        }

        await Fails(RunFile(), Component, "sidecars.db", "is of a later release (version 7");
    }

    [Fact]
    public async Task A_program_that_was_not_built_is_named() =>
        await Fails(RunFile() + "    command: [dotnet, bin/Nothing.dll]\n", Component, "Nothing.dll", "build it first");

    [Fact]
    public async Task The_projects_own_files_are_right()
    {
        var root = Repository.Root;
        var run = Ecom.Sidecar.Config.RunFile.Load(Path.Combine(root, "dapr.yaml"));

        await using var host = await EmbeddedHost.Start(new EmbeddedHostOptions
        {
            Run = run,
            ResourcesPath = Path.Combine(root, "components", "embedded"),
            DataFolder = folder.File("data"),
            FreePorts = true,
            StartApps = false,
        });

        host.Apps.Count.ShouldBe(6);
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("dapr-api-token", host.ApiToken);
        (await http.GetStringAsync($"http://127.0.0.1:{host.App("cart-service").HttpPort}/v1.0/metadata")).ShouldContain("cartstore");
        (await http.GetStringAsync($"http://127.0.0.1:{host.App("payment-service").HttpPort}/v1.0/metadata")).ShouldNotContain("cartstore");
    }

    public void Dispose() => folder.Dispose();

    string RunFile() => $"version: 1\napps:\n  - appID: a\n    appDirPath: .\n    appPort: {ports[0]}\n    daprHTTPPort: {ports[1]}\n    daprGRPCPort: {ports[2]}\n";

    EmbeddedHostOptions Options(string run, string component)
    {
        folder.Write("resources/c.yaml", component);
        return new() { RunFile = folder.Write("dapr.yaml", run), ResourcesPath = folder.File("resources"), DataFolder = folder.File("data"), MailPort = ports[3] };
    }

    async Task Fails(string run, string component, string place, string why)
    {
        var wrong = await Should.ThrowAsync<SetupException>(EmbeddedHost.Start(Options(run, component)));

        wrong.Message.ShouldContain(place);
        wrong.Message.ShouldContain(why);
        wrong.Message.ShouldNotContain("\n");
    }
}
