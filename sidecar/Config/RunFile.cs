namespace Ecom.Sidecar.Config;

/// <summary>One app of the run file and the ports of its sidecar.</summary>
public sealed record AppSpec
{
    public required string AppId { get; init; }
    public string Folder { get; init; } = ".";
    public int AppPort { get; init; }
    public int HttpPort { get; init; }
    public int GrpcPort { get; init; }
    /// <summary>Program and arguments; empty when the app is started by somebody else.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public HealthCheck? HealthCheck { get; init; }
}

/// <summary>The app is only given events while this path answers 2xx.</summary>
public sealed record HealthCheck(string Path, TimeSpan Interval, TimeSpan Timeout, int Threshold);

/// <summary>
/// Dapr's multi-app run file. Fields that are about the process daprd (its log level, its metrics port…) and about the other way's files
/// mean nothing here and are passed over; what would change how an app is served and is not done here is refused, as is a field that Dapr does not know.
/// </summary>
public sealed record RunFile(IReadOnlyList<AppSpec> Apps)
{
    public static RunFile Load(string file)
    {
        var documents = YamlPlace.Load(file).ToList();
        if (documents.Count != 1) throw new SetupException($"{file}: must hold one YAML document, it holds {documents.Count}");
        var root = documents[0];
        if (root.Number("version") is null or 0) throw root.Wrong("'version' must be a number that is not zero, such as 1");
        _ = root.Text("name");
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var common = root.Find("common");
        var commonEnvironment = common is null ? [] : ReadShared(common);
        var commonCheck = common is null ? null : ReadHealthCheck(common);
        common?.NothingElse();
        var apps = root.List("apps").Select(app => ReadApp(app, folder, commonEnvironment, commonCheck)).ToList();
        root.NothingElse();
        if (apps.Count == 0) throw root.Wrong("'apps' lists no app");
        return new RunFile(apps);
    }

    static AppSpec ReadApp(YamlPlace app, string folder, Dictionary<string, string> commonEnvironment, HealthCheck? commonCheck)
    {
        var appFolder = Path.GetFullPath(Path.Combine(folder, app.Get("appDirPath").Text()));
        if (!Directory.Exists(appFolder)) throw app.Get("appDirPath").Wrong($"'appDirPath' names a folder that is not there: {appFolder}");
        var id = app.Text("appID") ?? Path.GetFileName(appFolder.TrimEnd(Path.DirectorySeparatorChar));
        if (id.Contains('.')) throw app.Wrong($"the app id '{id}' must have no dot");
        var spec = new AppSpec
        {
            AppId = id,
            Folder = appFolder,
            AppPort = Port(app, "appPort"),
            HttpPort = Port(app, "daprHTTPPort"),
            GrpcPort = Port(app, "daprGRPCPort"),
            Command = app.Texts("command"),
            HealthCheck = ReadHealthCheck(app) ?? commonCheck,
        };
        foreach (var unused in (string[])["daprInternalGRPCPort", "profilePort", "metricsPort"])
            _ = app.Find(unused);
        Only(app, "appChannelAddress", "127.0.0.1", "localhost");
        Only(app, "unixDomainSocket");
        var environment = new Dictionary<string, string>(commonEnvironment);
        foreach (var (name, value) in ReadShared(app)) environment[name] = value;
        app.NothingElse();
        return spec with { Environment = environment };
    }

    static int Port(YamlPlace app, string field)
    {
        var port = app.Number(field) ?? throw app.Wrong($"'{field}' is missing: this host wants fixed ports");
        return port is > 0 and < 65536 ? port : throw app.Get(field).Wrong($"'{field}' must be a port between 1 and 65535, not {port}");
    }

    static HealthCheck? ReadHealthCheck(YamlPlace app)
    {
        var on = app.Flag("enableAppHealthCheck") ?? false;
        var check = new HealthCheck(
            app.Text("appHealthCheckPath") ?? "/healthz",
            TimeSpan.FromSeconds(app.Number("appHealthProbeInterval") ?? 5),
            TimeSpan.FromMilliseconds(app.Number("appHealthProbeTimeout") ?? 500),
            app.Number("appHealthThreshold") ?? 3);
        return on ? check : null;
    }

    /// <summary>The fields that may stand in 'common' and in an app alike; of these only the environment is used here.</summary>
    static Dictionary<string, string> ReadShared(YamlPlace place)
    {
        foreach (var unused in (string[])["configFilePath", "resourcesPath", "resourcesPaths", "enableProfiling", "logLevel", "placementHostAddress",
            "schedulerHostAddress", "enableApiLogging", "runtimePath", "daprdLogDestination", "appLogDestination"])
            _ = place.Find(unused);
        Only(place, "appProtocol", "http");
        Only(place, "apiListenAddresses", "127.0.0.1", "localhost");
        Only(place, "appSSL", "false");
        foreach (var refused in (string[])["appMaxConcurrency", "maxBodySize", "readBufferSize"])
            Only(place, refused);
        return place.Map("env").ToDictionary(e => e.Key, e => e.Value.Text());
    }

    /// <summary>A field that is right as long as it says what is so here anyway.</summary>
    static void Only(YamlPlace place, string field, params string[] words)
    {
        if (place.Find(field) is { } found && !words.Contains(found.Text(), StringComparer.OrdinalIgnoreCase))
            throw found.Wrong(words.Length == 0 ? $"this host does not do '{field}'" : $"'{field}' must be {string.Join(" or ", words)} here, not {found.Text()}");
    }
}
