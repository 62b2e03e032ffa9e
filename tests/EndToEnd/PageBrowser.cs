using Ecom.Tests.Support;
using Microsoft.Playwright;

namespace Ecom.Tests.EndToEnd;

/// <summary>How a visitor's browser is.</summary>
[Flags]
public enum Look { Desktop = 0, Phone = 1, Dark = 2 }

/// <summary>Chromium without a window, in which each visitor has a browser of their own.</summary>
public sealed class PageBrowser : IAsyncDisposable
{
    readonly IPlaywright playwright;
    readonly IBrowser browser;

    PageBrowser(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    public static async Task<PageBrowser> Start()
    {
        var playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Runtimes.Chromium }));
    }

    /// <summary>A visitor at a page that already hears what they do.</summary>
    /// <param name="from">The address of another machine, as a proxy tells it.</param>
    public async Task<Visitor> Visit(Uri shop, string path, Look look = Look.Desktop, string? from = null)
    {
        var visitor = new Visitor(shop, await browser.NewContextAsync(new()
        {
            ViewportSize = look.HasFlag(Look.Phone) ? new() { Width = 375, Height = 812 } : new() { Width = 1280, Height = 860 },
            ColorScheme = look.HasFlag(Look.Dark) ? ColorScheme.Dark : ColorScheme.Light,
            IsMobile = look.HasFlag(Look.Phone),
            HasTouch = look.HasFlag(Look.Phone),
            // A colour on its way from one to another is neither, and would be judged.
            ReducedMotion = ReducedMotion.Reduce,
            ExtraHTTPHeaders = from is null ? null : [new("X-Forwarded-For", from)],
        }));
        await visitor.Open(path);
        return visitor;
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
