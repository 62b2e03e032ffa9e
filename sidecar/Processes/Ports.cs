using System.Net;
using System.Net.Sockets;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

public static class Ports
{
    /// <summary>Below the range from which systems give out ports for outgoing connections: what is free there stays free.</summary>
    const int Lowest = 29_000, Highest = 32_000;

    public static (IReadOnlyList<AppSpec> Apps, int MailPort) Free(IReadOnlyList<AppSpec> apps)
    {
        var given = new HashSet<int>();
        int Next()
        {
            for (var tries = 0; tries < 1_000; tries++)
            {
                var port = Random.Shared.Next(Lowest, Highest);
                if (IsFree(port) && given.Add(port)) return port;
            }
            throw new SetupException($"no free port between {Lowest} and {Highest}");
        }
        // An app without a command is somebody else's, on the port they said.
        return ([.. apps.Select(a => a with { AppPort = a.Command.Count == 0 ? a.AppPort : Next(), HttpPort = Next(), GrpcPort = Next() })], Next());
    }

    /// <summary>Every port of the host is free, and none is asked for twice. An app's own port may be taken by the app: that is looked at later.</summary>
    public static void Check(IReadOnlyList<AppSpec> apps, int mailPort)
    {
        var owners = new Dictionary<int, string>();
        var own = apps.SelectMany(a => new[] { (a.HttpPort, $"the HTTP API of {a.AppId}'s sidecar"), (a.GrpcPort, $"the gRPC API of {a.AppId}'s sidecar") })
            .Append((mailPort, "the mail page")).ToList();
        foreach (var (port, what) in own.Concat(apps.Select(a => (a.AppPort, a.AppId))))
            if (!owners.TryAdd(port, what)) throw new SetupException($"the port {port} is given twice: to {owners[port]} and to {what}");
        if (apps.GroupBy(a => a.AppId).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new SetupException($"the app id {twice.Key} is there twice");
        foreach (var (port, what) in own)
            if (!IsFree(port)) throw new SetupException($"the port {port} for {what} is taken{PortHolder.By(port)}; stop that program (another host, or dapr run?) or change the port");
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As Kestrel binds: a port that only waits out its last connections counts as free.
            if (!OperatingSystem.IsWindows()) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException) { return false; }
    }
}
