using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>One embedded shop for the tests that can share it, and no other heavy suite beside it: these tests have deadlines.</summary>
public sealed class EmbeddedWorld : IAsyncLifetime
{
    HeavyLock? alone;

    public EmbeddedShop Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        alone = await HeavyLock.Take();
        Shop = await EmbeddedShop.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await Shop.DisposeAsync();
        alone?.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class EmbeddedCollection : ICollectionFixture<EmbeddedWorld>
{
    public const string Name = "embedded";
}
