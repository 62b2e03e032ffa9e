using StackExchange.Redis;

namespace Ecom.Tests.Support;

public sealed class RedisServer : IAsyncDisposable
{
    readonly TempFolder folder = new("redis");
    ChildProcess? server;

    RedisServer()
    {
    }

    public int Port { get; } = Ports.Free();

    public string Host => $"127.0.0.1:{Port}";

    public static async Task<RedisServer> Start()
    {
        var redis = new RedisServer();
        await redis.StartServer();
        return redis;
    }

    public void Kill() => server!.Kill();

    public async Task StartServer()
    {
        if (server is not null)
            await server.DisposeAsync();
        server = ChildProcess.Start("redis-server", Runtimes.OnPath("redis-server")!, ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", folder.Path, "--save", "", "--appendonly", "yes"]);
        await server.WaitUntil(Answers, TimeSpan.FromSeconds(15));
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        folder.Dispose();
    }

    async Task<bool> Answers()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Host);
        return (await connection.GetDatabase().PingAsync()) > TimeSpan.Zero;
    }
}
