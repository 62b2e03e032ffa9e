using System.Collections.Concurrent;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>One of each service, for tests that change nothing in it; started by the first that asks.</summary>
public sealed class OneOfEach : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, Lazy<Task<ServiceProcess>>> services = new();

    /// <param name="name">The service's project, such as <c>Cart</c>.</param>
    public Task<ServiceProcess> Get(string name) => services.GetOrAdd(name, _ => new(() =>
        ServiceProcess.Start(name, name == "Cart" ? Database.None : Database.Sqlite, new Dictionary<string, string> { ["ANALYTICS_ENGINE"] = "spark" }))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services.Values)
            await (await service.Value).DisposeAsync();
    }
}
