using StackExchange.Redis;

namespace Ecom.Tests.Support;

public sealed class RedisServer : IAsyncDisposable
{
    static readonly string[] Durable = ["--save", "", "--appendonly", "yes"];
    readonly TempFolder folder = new("redis");
    readonly IServer server;

    RedisServer() => server = Runtimes.InDocker(Runtime.Redis)
        ? new ServerContainer(ServerContainer.Of("redis").WithPortBinding(Port, 6379).WithCommand(["redis-server", .. Durable]))
        : new ServerProcess("redis-server", Runtimes.OnPath("redis-server")!, ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", folder.Path, .. Durable]);

    public int Port { get; } = Ports.Free();

    public string Host => $"127.0.0.1:{Port}";

    public static async Task<RedisServer> Start()
    {
        var redis = new RedisServer();
        await redis.StartServer();
        return redis;
    }

    public void Kill() => server.Kill();

    public Task StartServer() => server.Start(Answers, TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    async Task<bool> Answers()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Host);
        return (await connection.GetDatabase().PingAsync()) > TimeSpan.Zero;
    }
}
