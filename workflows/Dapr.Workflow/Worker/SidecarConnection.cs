using DurableTask.Protobuf;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr.Workflow.Worker;

/// <summary>The one channel to the sidecar, shared by worker and client. Nothing is sent before the first call.</summary>
sealed class SidecarConnection : IDisposable
{
    readonly GrpcChannel _channel;

    public SidecarConnection(WorkflowRuntimeOptions options, IServiceProvider services)
    {
        var configuration = services.GetService<IConfiguration>();
        string? Setting(string name) => configuration?[name] is { Length: > 0 } value ? value : Environment.GetEnvironmentVariable(name);

        Address = Setting("DAPR_GRPC_ENDPOINT") is { Length: > 0 } endpoint
            ? endpoint
            : $"http://127.0.0.1:{Setting("DAPR_GRPC_PORT") ?? "50001"}";
        _channel = GrpcChannel.ForAddress(Address, options.ChannelOptions ?? DefaultOptions());
        var token = Setting("DAPR_API_TOKEN");
        var calls = string.IsNullOrEmpty(token)
            ? _channel.CreateCallInvoker()
            : _channel.Intercept(headers =>
            {
                headers.Add("dapr-api-token", token);
                return headers;
            });
        Client = new TaskHubSidecarService.TaskHubSidecarServiceClient(calls);
    }

    public string Address { get; }

    public TaskHubSidecarService.TaskHubSidecarServiceClient Client { get; }

    public void Dispose() => _channel.Dispose();

    static GrpcChannelOptions DefaultOptions() => new()
    {
        HttpHandler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            // Finds a dead connection; daprd drops clients that ping more often than every 8 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        },
        DisposeHttpClient = true,
        MaxReceiveMessageSize = null,
        MaxSendMessageSize = null,
        // gRPC's own 1 s … 2 min would keep a worker away from a sidecar that is long back.
        InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
        MaxReconnectBackoff = TimeSpan.FromSeconds(1),
    };
}
