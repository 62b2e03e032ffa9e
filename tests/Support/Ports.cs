using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Ecom.Tests.Support;

/// <summary>Free TCP ports below the range from which systems take the ports of outgoing connections: one that is found
/// free here cannot be taken by a client's connection before the server that gets it listens.</summary>
public static class Ports
{
    const int First = 20_000, Last = 31_999;
    static readonly HashSet<int> Given = [];

    public static int Free()
    {
        lock (Given)
        {
            for (var tries = 0; tries < 1_000; tries++)
            {
                var port = Random.Shared.Next(First, Last + 1);
                if (CanListen(port) && Given.Add(port))
                    return port;
            }
        }

        throw new InvalidOperationException($"No free port from {First} to {Last}.");
    }

    public static int[] Free(int count) => [.. Enumerable.Range(0, count).Select(_ => Free())];

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
