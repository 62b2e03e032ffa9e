using System.Net;
using System.Text.Json.Nodes;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public sealed class CartFixture() : ServiceFixture("Cart", Database.None, ("CART_TTL_HOURS", "2"));

/// <summary>A customer of their own for each test, and a sidecar that behaves again when it is over.</summary>
public abstract class CartScenario(CartFixture fixture) : IDisposable
{
    protected const string Added = "cart.item_added", CheckedOut = "cart.checkout_initiated";
    protected static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    protected string User { get; } = $"u-{Guid.NewGuid():N}";

    protected ServiceProcess Cart => fixture.Service;

    protected HttpClient Http => fixture.Service.Http;

    protected FakeSidecar Sidecar => fixture.Service.Sidecar;

    public void Dispose()
    {
        Sidecar.OnPublish = (_, _) => null;
        Sidecar.OnPublishing = (_, _) => Task.CompletedTask;
        Sidecar.OnSave = (_, _) => null;
        Sidecar.OnSaving = _ => Task.CompletedTask;
        Sidecar.OnRead = _ => Task.CompletedTask;
        Sidecar.CatalogueIsAway = false;
        GC.SuppressFinalize(this);
    }

    protected Task<(HttpStatusCode Status, JsonNode Body)> Add(string product, int quantity = 1, HttpClient? at = null) =>
        (at ?? Http).Send("POST", $"/cart/{User}/items", $$"""{"product_id":"{{product}}","quantity":{{quantity}}}""");

    protected Task<(HttpStatusCode Status, JsonNode Body)> CheckOut(string? key = null, string? token = null, HttpClient? at = null) =>
        (at ?? Http).Send("POST", $"/cart/{User}/checkout", token is null ? null : $$"""{"payment_token":"{{token}}"}""", headers: key is null ? [] : [("Idempotency-Key", key)]);

    protected List<PublishedRecord> Of(string topic) => [.. Sidecar.PublishedOn(topic).Where(r => r.Key == User)];

    /// <summary>What was told on the topic, once it is as many; more is more.</summary>
    protected async Task<List<PublishedRecord>> Told(string topic, int count, TimeSpan? deadline = null)
    {
        await Eventually.Until(() => Of(topic).Count >= count, deadline ?? Soon, $"{count} events on {topic}");
        Of(topic).Count.ShouldBe(count);
        return Of(topic);
    }

    protected JsonNode State => Sidecar.State($"cart:{User}")!;
}
