using System.Net;
using System.Text;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>How a sidecar lives with its app, and ends: one for each test.</summary>
public abstract class LifeSuite : IAsyncDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    readonly HttpClient http = new();

    protected TempFolder Folder { get; } = new("life");

    protected TestApp App { get; } = new(Ports.Free(), null, new { pubsubname = "pubsub", topic = "news", route = "/on/news" });

    [Fact]
    public async Task An_app_that_is_not_well_gets_no_events_until_it_is()
    {
        await Start();

        App.IsWell = false;
        await Eventually.Until(async () => App.HasSaidThatItIsNotWell && !await IsServed(), Deadline, "the sidecar has found out");
        await Publish("meanwhile");
        App.On("news").ShouldNotContain(d => d.Id == "meanwhile");
        App.IsWell = true;

        await Eventually.Until(async () =>
        {
            await Publish("after");
            return App.On("news").Any(d => d.Id == "after");
        }, Deadline, "events come again");
    }

    [Fact]
    public async Task A_sidecar_that_is_asked_to_end_ends()
    {
        await Start();
        (await http.GetAsync("v1.0/metadata")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await http.PostAsync("v1.0/shutdown", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        await Eventually.Until(async () =>
        {
            try
            {
                await http.GetAsync("v1.0/metadata");
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        }, Deadline, "nobody answers");
    }

    /// <summary>A sidecar of <see cref="App"/>, which asks /well each second.</summary>
    /// <returns>Its port.</returns>
    protected abstract Task<int> Open();

    protected abstract ValueTask Close();

    protected void Component(string type) => Folder.Write("resources/pubsub.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: pubsub\nspec:\n  type: {type}\n  version: v1\n");

    async Task Start()
    {
        await App.Start();
        http.BaseAddress = new($"http://127.0.0.1:{await Open()}/");
        http.DefaultRequestHeaders.Add("dapr-api-token", Sidecars.Token);
        await Eventually.Until(IsServed, Deadline, "the app is served");
    }

    /// <summary>An event is brought at once, or not.</summary>
    async Task<bool> IsServed()
    {
        var id = Guid.NewGuid().ToString();
        await Publish(id);
        for (var look = 0; look < 20 && !App.On("news").Any(d => d.Id == id); look++)
            await Task.Delay(25);
        return App.On("news").Any(d => d.Id == id);
    }

    async Task Publish(string id)
    {
        using var content = new StringContent($$"""{"specversion":"1.0","id":"{{id}}","source":"me","type":"t","data":{} }""", Encoding.UTF8, "application/cloudevents+json");
        (await http.PostAsync("v1.0/publish/pubsub/news", content)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        await App.DisposeAsync();
        http.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class EmbeddedLife : LifeSuite
{
    EmbeddedHost? host;

    protected override async Task<int> Open()
    {
        Component("pubsub.sqlite");
        host = await EmbeddedHost.Start(new()
        {
            Run = new RunFile([new AppSpec { AppId = "app", AppPort = App.Port, HealthCheck = new("/well", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(500), 1) }]),
            ResourcesPath = Folder.File("resources"),
            DataFolder = Folder.File("data"),
            FreePorts = true,
            ApiToken = Sidecars.Token,
        });
        return host.App("app").HttpPort;
    }

    protected override ValueTask Close() => host?.DisposeAsync() ?? default;
}

[Needs(Runtime.Dapr)]
public sealed class RealLife : LifeSuite
{
    Daprd? daprd;

    protected override async Task<int> Open()
    {
        Component("pubsub.in-memory");
        daprd = await Daprd.Start("app", Folder.File("resources"), null, App.Port, environment: new Dictionary<string, string?> { ["DAPR_API_TOKEN"] = Sidecars.Token },
            more: ["--enable-app-health-check", "--app-health-check-path", "/well", "--app-health-probe-interval", "1", "--app-health-threshold", "1"]);
        return daprd.HttpPort;
    }

    protected override ValueTask Close() => daprd?.DisposeAsync() ?? default;
}
