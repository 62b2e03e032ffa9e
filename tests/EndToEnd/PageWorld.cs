using Ecom.Contracts;
using Ecom.Tests.Support;
using Microsoft.Playwright;

namespace Ecom.Tests.EndToEnd;

/// <summary>An embedded shop, and a browser without a window that visits its pages.</summary>
public class PageWorld : EmbeddedWorld
{
    IPlaywright? playwright;
    IBrowser? browser;

    public Uri Address => new($"http://localhost:{Shop.AppPort(AppIds.Analytics)}");

    public override async ValueTask InitializeAsync()
    {
        // Each test needs it and is skipped.
        if (Runtimes.Chromium is not { } program)
            return;
        await base.InitializeAsync();
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program });
    }

    /// <summary>A visitor with a browser of their own, at a page that already hears what they do.</summary>
    public async Task<Visitor> Visit(string path, Look look = Look.Desktop)
    {
        var visitor = new Visitor(Address, await browser!.NewContextAsync(new()
        {
            ViewportSize = look.HasFlag(Look.Phone) ? new() { Width = 375, Height = 812 } : new() { Width = 1280, Height = 860 },
            ColorScheme = look.HasFlag(Look.Dark) ? ColorScheme.Dark : ColorScheme.Light,
            IsMobile = look.HasFlag(Look.Phone),
            HasTouch = look.HasFlag(Look.Phone),
        }));
        await visitor.Open(path);
        return visitor;
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (browser is null)
            return;
        await browser.DisposeAsync();
        playwright?.Dispose();
        await base.DisposeAsync();
    }
}

[Flags]
public enum Look { Desktop = 0, Phone = 1, Dark = 2 }

[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<PageWorld>
{
    public const string Name = "page";
}
