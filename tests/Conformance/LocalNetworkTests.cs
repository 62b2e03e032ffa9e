using System.Net;
using Ecom.Sidecar;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Ecom.Tests.Conformance;

/// <summary>Between the servers of one process bytes go without sockets; everything else is as with them, for both versions of HTTP.</summary>
public sealed class LocalNetworkTests : IAsyncLifetime
{
    const int Megabyte = 1 << 20;
    static readonly TimeSpan Soon = Eventually.OnABusyMachine(TimeSpan.FromSeconds(20));
    readonly LocalNetwork network = new();
    readonly int port = Ports.Free(), port2 = Ports.Free();
    readonly TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously), aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly WebApplication web;
    readonly HttpClient http;
    int sent, sockets;

    public LocalNetworkTests()
    {
        http = new(new SocketsHttpHandler { ConnectCallback = (context, cancel) => network.Connect(context, cancel) });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, port2, listen => listen.Protocols = HttpProtocols.Http2);
        });
        network.Listen(builder.Services);
        web = builder.Build();
        web.Use(next => http =>
        {
            // A connection of the network has no remote port.
            if (http.Connection.RemotePort != 0)
                Interlocked.Increment(ref sockets);
            return next(http);
        });
        web.MapPost("/echo", async (HttpRequest request, HttpResponse response) =>
        {
            // A client sends all before it reads.
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            await response.Body.WriteAsync(body.ToArray());
        });
        web.MapGet("/never", async (HttpContext http) =>
        {
            http.RequestAborted.Register(aborted.SetResult);
            arrived.SetResult();
            await aborted.Task;
        });
        web.MapPost("/deaf", async (HttpContext http) => await aborted.Task);
        web.MapGet("/flood", async (HttpContext http) =>
        {
            var part = new byte[64 * 1024];
            for (; sent < 64; sent++)
                await http.Response.Body.WriteAsync(part, http.RequestAborted);
        });
        web.MapGet("/abort", async (HttpContext http) =>
        {
            await http.Response.WriteAsync("half");
            await http.Response.Body.FlushAsync();
            http.Abort();
        });
    }

    public async ValueTask InitializeAsync() => await web.StartAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await web.DisposeAsync();
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task A_body_of_any_size_arrives_whole_whatever_runs_beside_it(int version)
    {
        var bodies = Enumerable.Range(0, 20).Select(i => Enumerable.Repeat((byte)i, i == 0 ? 3 * Megabyte : i * 1_000).ToArray()).ToList();

        var answers = await Task.WhenAll(bodies.Select(async body =>
        {
            using var answer = await http.SendAsync(Request(HttpMethod.Post, version, "/echo", new ByteArrayContent(body)));
            return await answer.Content.ReadAsByteArrayAsync();
        }));

        foreach (var (answer, body) in answers.Zip(bodies))
            answer.AsSpan().SequenceEqual(body).ShouldBeTrue();
        sockets.ShouldBe(0);
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task A_caller_that_gives_up_is_heard(int version)
    {
        using var cancel = new CancellationTokenSource();
        var call = http.SendAsync(Request(HttpMethod.Get, version, "/never"), cancel.Token);
        await arrived.Task.WaitAsync(Soon);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => call);
        await aborted.Task.WaitAsync(Soon);
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task A_caller_gives_up_while_it_still_sends_to_a_server_that_does_not_read(int version)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        var call = http.SendAsync(Request(HttpMethod.Post, version, "/deaf", new ByteArrayContent(new byte[8 * Megabyte])), limit.Token);

        await Should.ThrowAsync<OperationCanceledException>(() => call.WaitAsync(Soon));
        aborted.SetResult();
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task A_caller_that_does_not_read_holds_the_server_back(int version)
    {
        using var answer = await http.SendAsync(Request(HttpMethod.Get, version, "/flood"), HttpCompletionOption.ResponseHeadersRead);

        var held = await Eventually.Get<string>(async () =>
        {
            var before = sent;
            await Task.Delay(300);
            return before == sent ? $"{sent}" : null;
        }, Soon, "the server stands still");

        int.Parse(held).ShouldBeLessThan(64);
        (await answer.Content.ReadAsByteArrayAsync()).Length.ShouldBe(64 * 64 * 1024);
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task A_server_that_aborts_is_heard(int version)
    {
        var failure = await Should.ThrowAsync<HttpRequestException>(() => http.SendAsync(Request(HttpMethod.Get, version, "/abort")));

        failure.HttpRequestError.ShouldBeOneOf(HttpRequestError.ResponseEnded, HttpRequestError.HttpProtocolError, HttpRequestError.Unknown);
    }

    [Fact]
    public async Task The_port_is_open_to_others_and_nobody_is_there_when_the_server_has_stopped()
    {
        using var outside = new HttpClient();
        (await outside.SendAsync(Request(HttpMethod.Post, 1, "/echo", new StringContent("x")))).EnsureSuccessStatusCode();
        sockets.ShouldBe(1);
        (await http.SendAsync(Request(HttpMethod.Post, 1, "/echo", new StringContent("x")))).EnsureSuccessStatusCode();
        sockets.ShouldBe(1);

        await web.StopAsync();

        var refused = await Should.ThrowAsync<HttpRequestException>(() => http.SendAsync(Request(HttpMethod.Post, 1, "/echo", new StringContent("x"))));
        refused.HttpRequestError.ShouldBe(HttpRequestError.ConnectionError);
    }

    HttpRequestMessage Request(HttpMethod method, int version, string path, HttpContent? content = null) =>
        new(method, $"http://127.0.0.1:{(version == 1 ? port : port2)}{path}") { Version = new(version, version == 1 ? 1 : 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
}
