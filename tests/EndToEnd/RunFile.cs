using System.Net;
using System.Net.Sockets;
using Ecom.Tests.Support;
using YamlDotNet.Serialization;

namespace Ecom.Tests.EndToEnd;

/// <summary>A copy of dapr.yaml with all its ports shifted, for a system of one's own beside whatever runs on this machine.</summary>
sealed class RunFile
{
    static readonly string[] PortKeys = ["appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort"];
    readonly Dictionary<object, object> file;

    RunFile(Dictionary<object, object> file, int offset) => (this.file, Offset) = (file, offset);

    /// <summary>What the tool takes as --port-offset.</summary>
    public int Offset { get; }

    IEnumerable<Dictionary<object, object>> Apps => ((List<object>)file["apps"]).Cast<Dictionary<object, object>>();

    public static RunFile Shifted()
    {
        var original = Load(0);
        for (var tries = 0; tries < 100; tries++)
        {
            // So far up that the gRPC ports (50101…) are above the range from which outgoing connections take theirs.
            var offset = Random.Shared.Next(11_000, 14_900);
            if (original.Apps.SelectMany(app => PortKeys.Where(app.ContainsKey).Select(key => Port(app, key) + offset)).All(IsFree))
                return Load(offset);
        }

        throw new InvalidOperationException("No free range of ports.");
    }

    public int AppPort(string appId) => Port(App(appId), "appPort");

    public int SidecarPort(string appId) => Port(App(appId), "daprHTTPPort");

    public IEnumerable<string> AppIds => Apps.Select(app => (string)app["appID"]);

    public string Write(TempFolder folder, string resources, DaprControlPlane plane)
    {
        var common = (Dictionary<object, object>)file["common"];
        common["resourcesPaths"] = new List<object> { resources };
        common["configFilePath"] = folder.Write(
            "config.yaml", File.ReadAllText(Repository.File("components/config.yaml")).Replace("../../.dapr-names.db", folder.File("names.db")));
        common["placementHostAddress"] = plane.PlacementAddress;
        common["schedulerHostAddress"] = plane.SchedulerAddress;
        return folder.Write("dapr.yaml", new SerializerBuilder().Build().Serialize(file));
    }

    static RunFile Load(int offset)
    {
        var file = new RunFile(new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(File.ReadAllText(Repository.File("dapr.yaml"))), offset);
        foreach (var app in file.Apps)
        {
            app["appDirPath"] = Path.GetFullPath(Path.Combine(Repository.Root, (string)app["appDirPath"]));
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
