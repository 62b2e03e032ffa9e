using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Ecom.Tests.Support;

/// <summary>Free TCP ports below the range from which systems take the ports of outgoing connections, and below those that an embedded host
/// takes when it is free to: one that is found free here cannot be taken by others before the server that gets it listens.</summary>
public static class Ports
{
    const int First = 20_000, Last = 28_999;

    /// <summary>A port is this process's for as long as it holds the port's file: test assemblies run side by side.</summary>
    static readonly Dictionary<int, FileStream> Given = [];

    public static int Free()
    {
        lock (Given)
        {
            for (var tries = 0; tries < 1_000; tries++)
            {
                var port = Random.Shared.Next(First, Last + 1);
                if (Take(port))
                    return port;
            }
        }

        throw new InvalidOperationException($"No free port from {First} to {Last}.");
    }

    /// <summary>The first of two neighbours.</summary>
    public static int FreePair()
    {
        lock (Given)
        {
            while (true)
                if (Free() is var first && Take(first + 1))
                    return first;
        }
    }

    public static int[] Free(int count) => [.. Enumerable.Range(0, count).Select(_ => Free())];

    static bool Take(int port) => !Given.ContainsKey(port) && CanListen(port) && Reserve(port);

    static bool Reserve(int port)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"ecom-test-ports-{Environment.UserName}")).FullName;
        if (HeavyLock.TryOpen(Path.Combine(folder, $"{port}"), FileOptions.DeleteOnClose) is not { } held)
            return false;
        Given[port] = held;
        return true;
    }

    static bool CanListen(int port)
    {
        try
        {
            using var any = new TcpListener(IPAddress.Any, port);
            any.Start();
            return !IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port && !l.Address.Equals(IPAddress.Any));
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
