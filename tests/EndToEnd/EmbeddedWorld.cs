using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>One embedded shop for the tests that can share it, and no other heavy suite beside it: these tests have deadlines.</summary>
public class EmbeddedWorld : IAsyncLifetime
{
    HeavyLock? alone;

    public EmbeddedShop Shop { get; private set; } = null!;

    /// <summary>Each service in a process of its own.</summary>
    protected virtual bool IsIsolated => false;

    /// <summary>The services' settings, where they differ from the defaults.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    public virtual async ValueTask InitializeAsync()
    {
        alone = await HeavyLock.Take();
        Shop = await EmbeddedShop.Start(Settings, IsIsolated);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Shop.DisposeAsync();
        alone?.Dispose();
        GC.SuppressFinalize(this);
    }
}

[CollectionDefinition(Name)]
public sealed class EmbeddedCollection : ICollectionFixture<EmbeddedWorld>
{
    public const string Name = "embedded";
}
