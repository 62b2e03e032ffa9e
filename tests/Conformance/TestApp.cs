using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ecom.Sidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ecom.Tests.Conformance;

/// <summary>One call of the sidecar to a topic's route.</summary>
public sealed record Delivered(string Topic, string ContentType, IReadOnlyDictionary<string, string> Headers, JsonNode? Body)
{
    public string Id => (string?)Body?["id"] ?? "";

    public string Text(string attribute) => (string?)Body?[attribute] ?? "";
}

/// <summary>An app behind a sidecar: it subscribes, writes down what it gets, and answers as a test tells it.</summary>
public sealed class TestApp : IAsyncDisposable
{
    readonly ConcurrentQueue<Delivered> delivered = new();
    readonly ConcurrentDictionary<string, Func<Delivered, int, IResult>> answers = new();
    readonly ConcurrentDictionary<string, int> calls = new();
    readonly object[] subscriptions;
    WebApplication? web;

    readonly LocalNetwork? network;

    public TestApp(int port, LocalNetwork? network = null, params object[] subscriptions) => (Port, this.network, this.subscriptions) = (port, network, subscriptions);

    public int Port { get; }

    /// <summary>What it answers who asks how it is.</summary>
    public bool IsWell { get; set; } = true;

    public bool HasSaidThatItIsNotWell { get; private set; }

    public async Task Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Port}");
        network?.Listen(builder.Services);
        web = builder.Build();
        web.MapGet("/dapr/subscribe", () => subscriptions);
        web.MapPost("/on/{topic}", Receive);
        web.MapPost("/bulk/{topic}", ReceiveBatch);
        web.Map("/echo/{**path}", Echo);
        web.MapMethods("/answer/{status:int}", ["GET", "POST"], (int status) => Results.Text($"status {status}", statusCode: status));
        web.MapGet("/well", () =>
        {
            HasSaidThatItIsNotWell |= !IsWell;
            return Results.StatusCode(IsWell ? 200 : 503);
        });
        web.MapMethods("/fails/{id}/{times:int}/{status:int}", ["GET", "POST"], (string id, int times, int status) =>
            calls.AddOrUpdate(id, 1, (_, n) => n + 1) <= times ? Results.StatusCode(status) : Results.Text($"call {calls[id]}"));
        web.MapGet("/hangs/{id}/{times:int}", async (string id, int times, CancellationToken gone) =>
        {
            if (calls.AddOrUpdate(id, 1, (_, n) => n + 1) <= times)
                await Task.Delay(Timeout.Infinite, gone);
            return Results.Text($"call {calls[id]}");
        });
        await web.StartAsync();
    }

    public async Task Stop()
    {
        if (web is null)
            return;
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await web.StopAsync(now.Token);
        await web.DisposeAsync();
        web = null;
    }

    /// <summary>While the app is away: waits until its sidecar has tried to reach it, and hangs up.</summary>
    public async Task HangUpOnTheSidecar(TimeSpan deadline)
    {
        using var door = new TcpListener(IPAddress.Loopback, Port);
        door.Start();
        using var patience = new CancellationTokenSource(Support.Eventually.OnABusyMachine(deadline));
        using var caller = await door.AcceptSocketAsync(patience.Token);
    }

    /// <summary>How often a route that fails or hangs was called under this name.</summary>
    public int CallsOf(string id) => calls.GetValueOrDefault(id);

    public void Answer(string topic, Func<Delivered, int, IResult> answer) => answers[topic] = answer;

    public IReadOnlyList<Delivered> On(string topic) => [.. delivered.Where(d => d.Topic == topic)];

    public Task<Delivered> Get(string topic, string id, TimeSpan? deadline = null) =>
        Support.Eventually.Get(() => Task.FromResult(On(topic).FirstOrDefault(d => d.Id == id)), deadline ?? TimeSpan.FromSeconds(20), $"{id} arrives on {topic}");

    public ValueTask DisposeAsync() => new(Stop());

    async Task<IResult> Receive(string topic, HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        var one = new Delivered(topic, http.Request.ContentType ?? "", Headers(http), Parse(body));
        delivered.Enqueue(one);
        var attempt = On(topic).Count(d => d.Id == one.Id);
        return answers.TryGetValue(topic, out var answer) ? answer(one, attempt) : Results.Ok();
    }

    async Task<IResult> ReceiveBatch(string topic, HttpContext http)
    {
        var batch = (await JsonNode.ParseAsync(http.Request.Body))!;
        List<object> statuses = [];
        foreach (var entry in batch["entries"]!.AsArray())
        {
            var one = new Delivered(topic, (string?)entry!["contentType"] ?? "", entry["metadata"].Deserialize<Dictionary<string, string>>() ?? [], entry["event"]);
            delivered.Enqueue(one);
            statuses.Add(new { entryId = (string?)entry["entryId"], status = "SUCCESS" });
        }

        return Results.Json(new { statuses });
    }

    static async Task Echo(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        http.Response.StatusCode = 418;
        http.Response.Headers["x-answered"] = "yes";
        await http.Response.WriteAsJsonAsync(new
        {
            method = http.Request.Method,
            path = http.Request.Path.Value,
            query = http.Request.QueryString.Value,
            headers = Headers(http),
            body,
        });
    }

    static Dictionary<string, string> Headers(HttpContext http) => http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());

    static JsonNode? Parse(string body)
    {
        try
        {
            return JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
