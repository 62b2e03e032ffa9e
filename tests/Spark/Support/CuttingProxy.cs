using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ecom.Tests.Spark.Support;

/// <summary>A TCP proxy that can cut its connections, and refuse new ones, at a chosen moment.</summary>
public sealed class CuttingProxy : IDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentBag<TcpClient> clients = [];
    readonly int target;
    long bytesUp, bytesDown;
    long cutAfterDown = long.MaxValue;
    volatile bool refusing;

    public CuttingProxy(int target)
    {
        this.target = target;
        listener.Start();
        _ = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public long BytesUp => Interlocked.Read(ref bytesUp);

    public int Cuts { get; private set; }

    /// <summary>Cuts once, when so many more bytes went to the client.</summary>
    public void CutAfter(long bytes) => Interlocked.Exchange(ref cutAfterDown, Interlocked.Read(ref bytesDown) + bytes);

    public void Refuse(bool refuse)
    {
        refusing = refuse;
        if (refuse)
            Cut();
    }

    public void Cut()
    {
        Cuts++;
        while (clients.TryTake(out var client))
        {
            client.Dispose();
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        Cut();
    }

    async Task Accept()
    {
        while (true)
        {
            TcpClient client, server = new();
            try
            {
                client = await listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                return;
            }
            if (refusing)
            {
                client.Dispose();
                continue;
            }
            await server.ConnectAsync(IPAddress.Loopback, target);
            // Zero: the cut is a reset, as by a crash, and not an orderly end.
            client.LingerState = server.LingerState = new LingerOption(true, 0);
            clients.Add(client);
            clients.Add(server);
            _ = Pump(client, server, count => Interlocked.Add(ref bytesUp, count));
            _ = Pump(server, client, Down);
        }
    }

    void Down(int count)
    {
        if (Interlocked.Add(ref bytesDown, count) < Interlocked.Read(ref cutAfterDown))
            return;
        Interlocked.Exchange(ref cutAfterDown, long.MaxValue);
        Cut();
    }

    static async Task Pump(TcpClient from, TcpClient to, Action<int> count)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var read)
            {
                count(read);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // cut
        }
        from.Dispose();
        to.Dispose();
    }
}
