using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ecom.Tests.Support;

/// <summary>
/// A wire between a program and a server that can go dead without a word, as behind a router that forgets or a machine that is gone:
/// what is sent is taken and swallowed, and nobody is told that the other has hung up.
/// </summary>
public sealed class Wire : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, Ports.Free());
    readonly ConcurrentBag<Line> lines = [];
    readonly int server;
    readonly Task accepting;
    volatile bool isDeadForNewOnes;

    Wire(int server)
    {
        this.server = server;
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static Wire To(int server) => new(server);

    /// <param name="newOnesPass">Only what is connected now is lost; who connects anew gets through.</param>
    public void Die(bool newOnesPass)
    {
        isDeadForNewOnes = !newOnesPass;
        foreach (var line in lines)
            line.IsDead = true;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        foreach (var line in lines)
            line.Dispose();
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                var line = new Line(await listener.AcceptTcpClientAsync()) { IsDead = isDeadForNewOnes };
                lines.Add(line);
                _ = line.Connect(server);
            }
        }
        catch (SocketException)
        {
            // The wire is disposed of.
        }
    }

    sealed class Line(TcpClient client) : IDisposable
    {
        readonly TcpClient server = new();

        public volatile bool IsDead;

        public async Task Connect(int port)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, port);
                await Task.WhenAll(Carry(client, server), Carry(server, client));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // One end has broken off; the other hears of it, unless the line is dead.
                if (!IsDead)
                    Dispose();
            }
        }

        async Task Carry(TcpClient from, TcpClient to)
        {
            var bytes = new byte[16 * 1024];
            var (source, target) = (from.GetStream(), to.GetStream());
            while (await source.ReadAsync(bytes) is var count and > 0)
                if (!IsDead)
                    await target.WriteAsync(bytes.AsMemory(0, count));
            if (!IsDead)
                to.Client.Shutdown(SocketShutdown.Send);
        }

        public void Dispose()
        {
            client.Dispose();
            server.Dispose();
        }
    }
}
