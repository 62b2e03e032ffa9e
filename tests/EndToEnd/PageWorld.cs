using System.Net;
using System.Text;
using Ecom.Contracts;
using Ecom.Sidecar;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>An embedded shop, and a browser that visits its pages.</summary>
public class PageWorld : EmbeddedWorld
{
    PageBrowser? browser;

    public Uri Address => new($"http://localhost:{Shop.AppPort(AppIds.Analytics)}");

    public override async ValueTask InitializeAsync()
    {
        // Each test needs it and is skipped.
        if (Runtimes.Chromium is null)
            return;
        await base.InitializeAsync();
        browser = await PageBrowser.Start();
    }

    public Task<Visitor> Visit(string path, Look look = Look.Desktop, string? from = null) => browser!.Visit(Address, path, look, from);

    /// <returns>The topic of a record that is among the dead letters because nobody took it.</returns>
    public async Task<string> LetterForNobody()
    {
        var topic = $"nobody.{Guid.NewGuid().ToString("N")[..8]}";
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(Shop.Data));
        using var record = new StringContent($$$"""{"id":"{{{topic}}}","type":"{{{topic}}}","data":{}}""", Encoding.UTF8, "application/json");
        (await http.PostAsync($"http://127.0.0.1:{Shop.SidecarPort(AppIds.Analytics)}/v1.0/publish/{Components.PubSub}/{Topics.DeadLetters}?metadata.rawPayload=true", record)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        return topic;
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (browser is null)
            return;
        await browser.DisposeAsync();
        await base.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<PageWorld>
{
    public const string Name = "page";
}
