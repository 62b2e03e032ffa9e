using System.Net;
using System.Net.Sockets;
using Ecom.Tests.Support;
using YamlDotNet.Serialization;

namespace Ecom.Tests.EndToEnd;

/// <summary>A copy of dapr.yaml with all its ports shifted, for a system of one's own beside whatever runs on this machine.</summary>
sealed class RunFile
{
    /// <summary>Of the embedded shop; the run file does not name it.</summary>
    const int MailPage = 8025;
    static readonly string[] PortKeys = ["appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort"];
    readonly Dictionary<object, object> file;

    RunFile(string root, Dictionary<object, object> file, int offset) => (Root, this.file, Offset) = (root, file, offset);

    /// <summary>The repository whose run file it is.</summary>
    public string Root { get; }

    /// <summary>What the tool takes as --port-offset.</summary>
    public int Offset { get; }

    IEnumerable<Dictionary<object, object>> Apps => ((List<object>)file["apps"]).Cast<Dictionary<object, object>>();

    /// <param name="root">The repository, of this release or another; null: this one.</param>
    public static RunFile Shifted(string? root = null)
    {
        root ??= Repository.Root;
        var original = Load(root, 0);
        for (var tries = 0; tries < 100; tries++)
        {
            // Far from the shop that somebody may run here, and below what Ports gives to the suites beside this one.
            var offset = Random.Shared.Next(5_700, 10_800);
            if (IsFree(MailPage + offset) && original.Apps.SelectMany(app => PortKeys.Where(app.ContainsKey).Select(key => Port(app, key) + offset)).All(IsFree))
                return Load(root, offset);
        }

        throw new InvalidOperationException("No free range of ports.");
    }

    public int MailPort => MailPage + Offset;

    public int AppPort(string appId) => Port(App(appId), "appPort");

    public int SidecarPort(string appId) => Port(App(appId), "daprHTTPPort");

    public IEnumerable<string> AppIds => Apps.Select(app => (string)app["appID"]);

    /// <summary>How the app is started; <see cref="RunApp.Environment"/> is what it is told beside the shop's settings.</summary>
    public RunApp Of(string appId)
    {
        var app = App(appId);
        var ports = new DaprdPorts(Port(app, "daprHTTPPort"), Port(app, "daprGRPCPort"), Port(app, "metricsPort"));
        var told = new Dictionary<string, string?>
        {
            ["APP_ID"] = appId,
            ["APP_PORT"] = $"{AppPort(appId)}",
            ["DAPR_HTTP_PORT"] = $"{ports.Http}",
            ["DAPR_GRPC_PORT"] = $"{ports.Grpc}",
        };
        if (app.TryGetValue("env", out var env) && env is Dictionary<object, object> variables)
            foreach (var (name, value) in variables)
                told[$"{name}"] = $"{value}";
        return new(appId, (string)app["appDirPath"], [.. ((List<object>)app["command"]).Cast<string>()], AppPort(appId), ports, told);
    }

    /// <summary>The sidecars' Configuration.</summary>
    /// <param name="names">Where they write how they are found.</param>
    public string WriteConfiguration(TempFolder folder, string names) =>
        folder.Write("config.yaml", File.ReadAllText(Path.Combine(Root, "components/config.yaml")).Replace("../../.dapr-names.db", names));

    /// <param name="configuration">The path of the sidecars' Configuration.</param>
    public string Write(TempFolder folder, string resources, string configuration, DaprControlPlane plane)
    {
        var common = (Dictionary<object, object>)file["common"];
        common["resourcesPaths"] = new List<object> { resources };
        common["configFilePath"] = configuration;
        common["placementHostAddress"] = plane.PlacementAddress;
        common["schedulerHostAddress"] = plane.SchedulerAddress;
        return folder.Write("dapr.yaml", new SerializerBuilder().Build().Serialize(file));
    }

    static RunFile Load(string root, int offset)
    {
        var file = new RunFile(root, new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(File.ReadAllText(Path.Combine(root, "dapr.yaml"))), offset);
        foreach (var app in file.Apps)
        {
            app["appDirPath"] = Path.GetFullPath(Path.Combine(root, (string)app["appDirPath"]));
            var (was, now) = ($":{app["appPort"]}", $":{Port(app, "appPort") + offset}");
            foreach (var key in PortKeys.Where(app.ContainsKey))
                app[key] = Port(app, key) + offset;
            if (app.TryGetValue("env", out var env) && env is Dictionary<object, object> variables)
                foreach (var name in variables.Keys.ToList())
                    variables[name] = $"{variables[name]}".Replace(was, now);
        }

        return file;
    }

    static int Port(Dictionary<object, object> app, string key) => int.Parse($"{app[key]}");

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    Dictionary<object, object> App(string appId) => Apps.Single(app => (string)app["appID"] == appId);
}

sealed record RunApp(string Id, string Folder, string[] Command, int Port, DaprdPorts Sidecar, Dictionary<string, string?> Environment);
