using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Ecom.Hosting;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Ecom.Tests.Service;

/// <summary>One service in the tests' own process, as in the embedded shop's, so that its table of routes can be read.</summary>
sealed class InnerService : IAsyncDisposable
{
    readonly TempFolder folder = new("inner");
    readonly CancellationTokenSource stop = new();
    readonly TaskCompletionSource<IServiceProvider> services = new();
    readonly ConcurrentQueue<string> output = new();
    readonly FakeSidecar sidecar;
    readonly Task<int> running;

    InnerService(string name, FakeSidecar sidecar, (string Name, string Value)[] settings)
    {
        this.sidecar = sidecar;
        var port = Ports.Free();
        Http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(1) };
        var environment = new Dictionary<string, string>
        {
            ["APP_PORT"] = $"{port}",
            ["DAPR_HTTP_PORT"] = $"{sidecar.HttpPort}",
            ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcPort}",
            ["ECOM_DATA"] = folder.Path,
            ["ANALYTICS_ENGINE"] = "spark",
        };
        foreach (var (setting, value) in settings)
            environment[setting] = value.Replace("PORT", $"{port}");
        running = new Embedded(environment, output.Enqueue, own => own.AddHostedService(provider => new Seen(provider, services)), Connect, stop.Token).Run($"Ecom.{name}");
    }

    public HttpClient Http { get; }

    public FakeSidecar Sidecar => sidecar;

    public IReadOnlyCollection<string> Output => output;

    public static async Task<InnerService> Start(string name, params (string Name, string Value)[] settings)
    {
        var service = new InnerService(name, await FakeSidecar.Start(), settings);
        await Eventually.Until(async () => service.running.IsCompleted || (await service.Http.GetAsync("/health")).IsSuccessStatusCode, TimeSpan.FromSeconds(60), $"{name} answers");
        service.running.IsCompleted.ShouldBeFalse(string.Join('\n', service.Output));
        return service;
    }

    public async Task<IReadOnlyList<RouteEndpoint>> Routes() => [.. (await services.Task).GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    /// <param name="bearer">Null: nobody.</param>
    public async Task<HttpResponseMessage> Ask(string? bearer, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        Http.Dispose();
        await sidecar.DisposeAsync();
        stop.Dispose();
        folder.Dispose();
    }

    static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, ct);
        return new NetworkStream(socket, ownsSocket: true);
    }

    sealed class Seen(IServiceProvider provider, TaskCompletionSource<IServiceProvider> services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            services.TrySetResult(provider);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
