using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;

namespace Ecom.Tool;

/// <summary>The running shop: started here with everything it needs, or one that runs already.</summary>
sealed class Shop : IAsyncDisposable
{
    static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);

    readonly EmbeddedHost? host;
    readonly ShopLog? log;

    Shop(EmbeddedHost? host, ShopLog? log, Addresses addresses, ServiceData data) =>
        (this.host, this.log, Addresses, Data, Client) = (host, log, addresses, data, new ShopClient(addresses.App));

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

    public static DateTimeOffset CommandStarted { get; } = Started();
    public Addresses Addresses { get; }
    public ServiceData Data { get; }
    public ShopClient Client { get; }

    public static async Task<Shop> Open(ShopChoice choice, Action<string, string>? watch, CancellationToken cancel)
    {
        var addresses = Addresses.Read(choice);
        if (choice.Attach)
            return new(null, null, addresses, choice.OwnData());
        Directory.CreateDirectory(choice.DataFolder);
        var log = new ShopLog(Path.Combine(choice.DataFolder, "shop.log"), watch);
        EmbeddedHost? host = null;
        try
        {
            return await Terminal.Working($"starting {addresses.Apps.Count} services and their sidecars", async () =>
            {
                host = await EmbeddedHost.Start(new()
                {
                    Run = new RunFile(addresses.Apps),
                    ResourcesPath = Path.Combine(Repository.Root, "components", "embedded"),
                    DataFolder = choice.DataFolder,
                    MailPort = addresses.MailPort,
                    Output = log.Write,
                }, cancel);
                await Ready(host, log, cancel);
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

    public double? MemoryMb() => host is null ? null : Figures.MemoryMb(host.ProcessIds);

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
