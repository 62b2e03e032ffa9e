using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Processes;

namespace Ecom.Tool;

/// <summary>The running shop: started here with everything it needs, or one that runs already.</summary>
sealed class Shop : IAsyncDisposable
{
    static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    readonly EmbeddedHost? host;
    readonly ShopLog? log;

    Shop(EmbeddedHost? host, ShopLog? log, Addresses addresses, ServiceData data) =>
        (this.host, this.log, Addresses, Data, Client) = (host, log, addresses, data, new ShopClient(addresses));

    /// <summary>The apps and the projects that build their programs.</summary>
    public static IReadOnlyDictionary<string, string> Services { get; } = new Dictionary<string, string>
    {
        [AppIds.Cart] = "Cart",
        [AppIds.Order] = "Order",
        [AppIds.Payment] = "Payment",
        [AppIds.Inventory] = "Inventory",
        [AppIds.Notification] = "Notification",
        [AppIds.Analytics] = "Analytics",
    };

    static IReadOnlyDictionary<string, AppProgram> Programs(LocalNetwork network) => Services.ToDictionary(service => service.Key, service => (AppProgram)((environment, output, stop) =>
        new Embedded(environment, output, network.Listen, network.Connect, stop).Run($"Ecom.{service.Value}")));

    /// <summary>What makes services embedded: their data are files of this folder, whatever database this shell has been told of.</summary>
    public static IReadOnlyDictionary<string, string?> EmbeddedEnvironment(string dataFolder)
    {
        var environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("POSTGRES_", StringComparison.Ordinal) || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(name => name, _ => (string?)null);
        environment["ECOM_DATA"] = Path.GetFullPath(dataFolder);
        return environment;
    }

    public static DateTimeOffset CommandStarted { get; } = Started();
    public Addresses Addresses { get; }
    public ServiceData Data { get; }
    public ShopClient Client { get; }

    public static async Task<Shop> Open(ShopChoice choice, Action<string, string>? watch, CancellationToken cancel)
    {
        var addresses = Addresses.Read(choice);
        if (choice.Attach)
        {
            await Attached.Ready(addresses, cancel);
            var data = choice.OwnData();
            await Attached.BooksCanBeRead(data, cancel);
            return new(null, null, addresses, data);
        }
        var log = ShopLog.In(choice.DataFolder, "shop.log", file => new ShopLog(file));
        EmbeddedHost? host = null;
        var network = choice.Isolated ? null : new LocalNetwork();
        try
        {
            return await Terminal.Working($"starting {addresses.Apps.Count} services and their sidecars", async () =>
            {
                host = await EmbeddedHost.Start(new()
                {
                    Run = new RunFile(addresses.Apps),
                    ResourcesPath = Path.Combine(Repository.Root, "components", "embedded"),
                    DataFolder = choice.DataFolder,
                    Programs = network is null ? new Dictionary<string, AppProgram>() : Programs(network),
                    Network = network,
                    AppEnvironment = EmbeddedEnvironment(choice.DataFolder),
                    MailPort = addresses.MailPort,
                    // A zone that does not exist is told by the services, which cannot run with it.
                    TimeZone = CatchMail.Zone() ?? TimeZoneInfo.Utc,
                    Output = log.Write,
                }, cancel);
                await Ready(host, log, cancel);
                AdminKey.Leave(choice.DataFolder);
                log.Show(watch);
                return new Shop(host, log, addresses, ServiceData.Files(choice.DataFolder));
            });
        }
        catch
        {
            if (host is not null)
                await host.DisposeAsync();
            log.Dispose();
            throw;
        }
    }

    /// <summary>Of everything that was started here; of a shop that ran already, of the services and sidecars that this machine lets us find (Linux).</summary>
    public double? MemoryMb() => host is not null ? Figures.MemoryMb(host.ProcessIds.Append(Environment.ProcessId))
        : Addresses.Apps.SelectMany(app => (int[])[app.AppPort, app.HttpPort]).Select(PortHolder.ListenerOf).OfType<int>().Distinct().ToArray() is { Length: > 0 } found ? Figures.MemoryMb(found) : null;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (host is not null)
            await host.DisposeAsync();
        log?.Dispose();
    }

    static async Task Ready(EmbeddedHost host, ShopLog log, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(StartPatience);
        var ready = host.WaitUntilReady(stop.Token);
        if (await Task.WhenAny(ready, log.CannotRun) == log.CannotRun)
            throw new ToolError(await log.CannotRun);
        try
        {
            await ready;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            var late = host.Apps.Where(app => !host.IsReady(app.AppId)).Select(app => app.AppId);
            throw new ToolError($"not ready within {StartPatience.TotalSeconds:0} s: {string.Join(", ", late)}; see {log.File}");
        }
    }

    static DateTimeOffset Started()
    {
        using var self = Process.GetCurrentProcess();
        return self.StartTime;
    }
}
