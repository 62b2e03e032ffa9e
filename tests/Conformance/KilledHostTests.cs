using System.Net;
using System.Text;
using Ecom.Sidecar;
using Ecom.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Ecom.Tests.Conformance;

/// <summary>What the embedded host promises beyond daprd: it may be killed at any point.</summary>
public sealed class KilledHostTests : IAsyncLifetime
{
    readonly TempFolder folder = new("killed");
    readonly TestApp app = new(Ports.Free(), null, new { pubsubname = "pubsub", topic = "orders", route = "/on/orders" });
    readonly int httpPort = Ports.Free(), mailPort = Ports.Free();
    readonly HttpClient http;
    ChildProcess? host;

    public KilledHostTests() => http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}/") };

    [Fact]
    public async Task Nothing_that_was_accepted_is_lost_when_the_host_is_killed_under_load()
    {
        await app.Start();
        List<string> accepted = [];
        await StartHost();
        for (var round = 0; round < 3; round++)
        {
            var kill = Task.Run(async () =>
            {
                await Eventually.Until(() => accepted.Count > 40 * (round + 1), TimeSpan.FromSeconds(20), "events were accepted");
                host!.Kill();
            });
            for (var n = 0; !kill.IsCompleted; n++)
                if (await Publish($"{round}-{n}"))
                    accepted.Add($"{round}-{n}");
            await kill;
            await host!.DisposeAsync();
            await StartHost();
        }

        await Eventually.Until(() => accepted.ToHashSet().IsSubsetOf(app.On("orders").Select(d => d.Id)), TimeSpan.FromSeconds(30), "every accepted event arrives");
        foreach (var round in (string[])["0", "1", "2"])
            app.On("orders").Select(d => d.Id).Where(id => id.StartsWith($"{round}-")).Distinct().ShouldBeInOrder(SortDirection.Ascending, Comparer<string>.Create((a, b) => Number(a) - Number(b)));
    }

    [Fact]
    public async Task An_event_whose_app_was_down_and_state_and_mail_survive_the_kill()
    {
        await StartHost();
        (await Publish("waiting")).ShouldBeTrue();
        (await Post("v1.0/state/store", """[{"key":"k","value":7}]""")).ShouldBeTrue();
        (await Post("v1.0/bindings/mail", """{"operation":"create","data":"x","metadata":{"emailFrom":"a@b.c","emailTo":"d@e.f","subject":"kept"}}""")).ShouldBeTrue();

        host!.Kill();
        await host.DisposeAsync();
        await app.Start();
        await StartHost();

        await app.Get("orders", "waiting");
        (await http.GetStringAsync("v1.0/state/store/k")).ShouldBe("7");
        (await http.GetStringAsync($"http://127.0.0.1:{mailPort}/email")).ShouldContain("kept");
    }

    [Fact]
    public async Task A_host_that_was_killed_does_not_bring_what_was_already_taken()
    {
        await app.Start();
        await StartHost();
        (await Publish("once")).ShouldBeTrue();
        await app.Get("orders", "once");
        await Eventually.Until(() => Cursor("orders") == 1, TimeSpan.FromSeconds(20), "the answer is written down");

        host!.Kill();
        await host.DisposeAsync();
        await StartHost();
        (await Publish("twice")).ShouldBeTrue();
        await app.Get("orders", "twice");

        app.On("orders").Count(d => d.Id == "once").ShouldBe(1);
    }

    public ValueTask InitializeAsync()
    {
        folder.Write("app/.keep", "");
        folder.Write("dapr.yaml", $"""
            version: 1
            apps:
              - appID: shop
                appDirPath: ./app
                appPort: {app.Port}
                daprHTTPPort: {httpPort}
                daprGRPCPort: {Ports.Free()}
            """);
        foreach (var (name, type) in ((string, string)[])[("pubsub", "pubsub.sqlite"), ("store", "state.sqlite"), ("mail", "bindings.smtp")])
            folder.Write($"resources/{name}.yaml", $"""
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata:
                  name: {name}
                spec:
                  type: {type}
                  version: v1
                """);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            host.Kill();
            await host.DisposeAsync();
        }

        await app.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    /// <summary>How many events of the topic the broker's file says the app has taken; it is written a moment after the answer.</summary>
    long Cursor(string topic)
    {
        using var broker = new SqliteConnection($"Data Source={folder.File("data/sidecars.db")};Mode=ReadOnly;Pooling=false");
        broker.Open();
        using var command = new SqliteCommand("SELECT cursors.next FROM cursors JOIN topics ON topics.id = topic WHERE name = $topic", broker);
        command.Parameters.AddWithValue("$topic", topic);
        return (long)command.ExecuteScalar()!;
    }

    static int Number(string id) => int.Parse(id.Split('-')[1]);

    async Task StartHost()
    {
        host = HostInAProcess.Start(folder.File("dapr.yaml"), folder.File("resources"), folder.File("data"), mailPort);
        await host.WaitUntil(async () => (await http.GetAsync("v1.0/healthz/outbound")).IsSuccessStatusCode, TimeSpan.FromSeconds(30));
        // Each run has a token of its own.
        http.DefaultRequestHeaders.Remove("dapr-api-token");
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(folder.File("data")));
    }

    Task<bool> Publish(string id) => Post("v1.0/publish/pubsub/orders?metadata.partitionKey=one", $$"""{"specversion":"1.0","id":"{{id}}","source":"s","type":"t","data":{} }""", "application/cloudevents+json");

    async Task<bool> Post(string path, string body, string type = "application/json")
    {
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, type);
            using var answer = await http.PostAsync(path, content);
            return answer.StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
