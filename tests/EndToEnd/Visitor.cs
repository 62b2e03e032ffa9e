using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Ecom.Tests.Support;
using Microsoft.Playwright;

namespace Ecom.Tests.EndToEnd;

/// <summary>Somebody at the shop's pages, and all that their browser asked for and complained about.</summary>
public sealed class Visitor(Uri shop, IBrowserContext context) : IAsyncDisposable
{
    static readonly float Patience = (float)Eventually.OnABusyMachine(TimeSpan.FromSeconds(15)).TotalMilliseconds;
    readonly ConcurrentBag<string> hosts = [], complaints = [];
    long bytes;
    IPage? page;

    public IPage Page => page!;

    /// <summary>Where the browser was led, by whatever the page wanted.</summary>
    public IReadOnlyCollection<string> Hosts => [.. hosts.Distinct()];

    /// <summary>Errors of the browser's console: what a policy forbade, what failed.</summary>
    public IReadOnlyCollection<string> Complaints => complaints;

    /// <summary>What came over the wire, as it came: headers, and bodies as they were packed.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    public async Task Open(string path)
    {
        page = await context.NewPageAsync();
        Page.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        Page.Request += (_, request) => hosts.Add(new Uri(request.Url) is { Scheme: not "data" } url ? url.Authority : shop.Authority);
        Page.Console += (_, message) =>
        {
            if (message.Type == "error")
                complaints.Add(message.Text);
        };
        var wire = await context.NewCDPSessionAsync(Page);
        await wire.SendAsync("Network.enable");
        wire.Event("Network.loadingFinished").OnEvent += (_, finished) => Interlocked.Add(ref bytes, (long)finished!.Value.GetProperty("encodedDataLength").GetDouble());
        await Go(path);
    }

    /// <summary>Goes to a page, and waits until it hears what is clicked.</summary>
    public async Task Go(string path)
    {
        await Page.GotoAsync(new Uri(shop, path).AbsoluteUri);
        await Page.WaitForSelectorAsync("html[data-live]");
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Waits until it is seen.</summary>
    public async Task See(ILocator what)
    {
        try
        {
            await what.First.WaitForAsync(new() { State = WaitForSelectorState.Visible });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\nInstead:\n{await Page.Locator("body").InnerTextAsync()}", e);
        }
    }

    public Task See(string text) => See(Page.GetByText(text));

    /// <summary>No finding of axe that is worse than moderate, and nothing that has to be scrolled sideways.</summary>
    public async Task ShouldBeAccessible()
    {
        var found = await Page.RunAxe();
        found.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{violation.Impact} {violation.Id}: {violation.Help}\n  {string.Join("\n  ", violation.Nodes.Take(4).Select(node => node.Html))}").ShouldBeEmpty();
        (await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
    }

    /// <summary>Where ECOM_PICTURES names a folder, what is seen is drawn there.</summary>
    public async Task Draw(string name, bool isFull = false)
    {
        if (Environment.GetEnvironmentVariable("ECOM_PICTURES") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.png"), FullPage = isFull, Animations = ScreenshotAnimations.Disabled });
    }

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}
