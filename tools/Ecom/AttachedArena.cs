using System.Diagnostics;
using System.Globalization;
using Ecom.Sidecar.Processes;

namespace Ecom.Tool;

/// <summary>A shop that somebody else started on this machine: its processes are found by the ports they listen on. Only what somebody is said to start again is killed.</summary>
sealed class AttachedArena : Arena
{
    readonly Dictionary<string, int> ports;
    readonly IReadOnlyDictionary<string, string> restarts;

    AttachedArena(Addresses addresses, ServiceData data, Dictionary<string, int> ports, IReadOnlyDictionary<string, string> restarts, IReadOnlyList<Target> targets) : base(addresses, data) =>
        (this.ports, this.restarts, Targets) = (ports, restarts, targets);

    public override IReadOnlyList<Target> Targets { get; }

    /// <param name="names">Who is hit; none: all that are found.</param>
    /// <param name="restarts">By name: the command that starts it again.</param>
    public static async Task<AttachedArena> Open(ShopChoice choice, IReadOnlyList<string> names, IReadOnlyDictionary<string, string> restarts, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux())
            throw new ToolError("chaos --attach finds processes by their ports, which only Linux tells");
        var addresses = Addresses.Read(choice);
        await Attached.Ready(addresses, cancel);
        var data = choice.OwnData();
        await Attached.BooksCanBeRead(data, cancel);
        var ports = Known(addresses, data);
        var holders = ports.ToDictionary(port => port.Key, port => Find(port.Value));
        if (holders.Where(holder => holder.Value is null).Select(holder => $"{holder.Key} ({ports[holder.Key]})").ToArray() is { Length: > 0 } absent)
            Terminal.Line($"no process of this user listens for {string.Join(", ", absent)}: not hit");
        // One process with many names is the embedded host.
        var found = holders.Where(holder => holder.Value is not null).GroupBy(holder => holder.Value, (_, same) => same.Select(holder => holder.Key).ToArray()).ToDictionary(same => same.Length > 1 ? Host : same[0], same => ports[same[0]]);
        if (found.Count == 0)
            throw new ToolError("no process of this user on this machine is the shop: what runs in containers is hit with docker compose kill, pause and unpause");
        if (restarts.Keys.FirstOrDefault(name => !found.ContainsKey(name)) is { } unknown)
            throw new ToolError($"--restart has '{unknown}'; known here: {string.Join(", ", found.Keys)}");
        return new(addresses, data, found, restarts, Faults.Choose([.. found.Keys.Select(name => new Target(name, restarts.ContainsKey(name)))], names));
    }

    public override Victim? Find(string target) => Find(ports[target]);

    /// <summary>In a session of its own: what is started here lives on when the tool has ended.</summary>
    public override async Task BringBack(string target, CancellationToken cancel)
    {
        using var started = Process.Start(new ProcessStartInfo("sh", ["-c", "setsid sh -c \"$0\" > /dev/null 2>&1 < /dev/null &", restarts[target]]) { WorkingDirectory = Repository.Root })!;
        await started.WaitForExitAsync(cancel);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    static Victim? Find(int port)
    {
        try
        {
            using var process = PortHolder.ListenerOf(port) is { } id ? Process.GetProcessById(id) : null;
            // A published port is held by Docker's own process, which is not the shop.
            return process?.ProcessName.StartsWith("docker", StringComparison.Ordinal) is true ? null : Victim.Of(process);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    static Dictionary<string, int> Known(Addresses addresses, ServiceData data)
    {
        var known = addresses.Apps.ToDictionary(app => app.AppId, app => app.AppPort);
        foreach (var app in addresses.Apps)
            known[app.AppId.Replace("-service", "-dapr")] = app.HttpPort;
        if (!data.IsPostgres)
            return known;
        (known["placement"], known["scheduler"]) = (50005, 50006);
        string[] brokers = (Setting.Text("KAFKA_BROKERS") ?? "localhost:9092").Split(',');
        for (var i = 0; i < brokers.Length; i++)
            Add($"kafka-{i + 1}", brokers[i]);
        Add("postgres", PostgreSql.FromEnvironment() is { } server ? $"{server.Host}:{server.Port}" : "");
        Add("redis", Setting.Text("REDIS_HOST") ?? "localhost:6379");
        Add("mail", $"{Setting.Text("SMTP_HOST") ?? "localhost"}:{Setting.Text("SMTP_PORT") ?? "1025"}");
        return known;

        void Add(string name, string address)
        {
            if (address.Trim().Split(':') is ["localhost" or "127.0.0.1", var port] && int.TryParse(port, CultureInfo.InvariantCulture, out var number))
                known[name] = number;
        }
    }
}
