using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Ecom.Sidecar;

/// <summary>
/// The way between servers of one process without the machine's sockets: whoever listens on a port is reached here, too, by bytes handed over in
/// memory. Both ends speak the HTTP they always speak, so streaming, cancellation, back-pressure, aborts, trailers and deadlines are theirs.
/// </summary>
public sealed class LocalNetwork
{
    readonly ConcurrentDictionary<int, Listener> listeners = [];

    /// <summary>For a server's services: it listens by sockets as ever, and here on the same ports.</summary>
    public void Listen(IServiceCollection server) =>
        server.AddSingleton<IConnectionListenerFactory>(services => new Factory(this, ActivatorUtilities.CreateInstance<SocketTransportFactory>(services)));

    /// <summary>For a client's <see cref="SocketsHttpHandler.ConnectCallback"/>: here where somebody listens on this machine's port, else by a socket.</summary>
    public async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var to = context.DnsEndPoint;
        if (to.Host is "127.0.0.1" or "localhost" && listeners.TryGetValue(to.Port, out var listener) && listener.Connect() is { } stream)
            return stream;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    sealed class Factory(LocalNetwork network, IConnectionListenerFactory sockets) : IConnectionListenerFactory
    {
        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            new Listener(network, await sockets.BindAsync(endpoint, cancellationToken));
    }

    sealed class Listener : IConnectionListener
    {
        readonly LocalNetwork network;
        readonly IConnectionListener sockets;
        readonly Channel<ConnectionContext> arrived = Channel.CreateUnbounded<ConnectionContext>(new() { SingleReader = true });
        readonly int port;

        public Listener(LocalNetwork network, IConnectionListener sockets)
        {
            (this.network, this.sockets, port) = (network, sockets, (sockets.EndPoint as IPEndPoint)?.Port ?? 0);
            network.listeners[port] = this;
            _ = TakeFromOutside();
        }

        public EndPoint EndPoint => sockets.EndPoint;

        /// <returns>The client's end; null when the server has stopped to listen.</returns>
        public Stream? Connect()
        {
            var connection = new Connection(EndPoint);
            return arrived.Writer.TryWrite(connection) ? connection.Client : null;
        }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await arrived.Reader.WaitToReadAsync(cancellationToken))
                if (arrived.Reader.TryRead(out var connection))
                    return connection;
            return null;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            network.listeners.TryRemove(new(port, this));
            await sockets.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            network.listeners.TryRemove(new(port, this));
            await sockets.DisposeAsync();
            arrived.Writer.TryComplete();
        }

        async Task TakeFromOutside()
        {
            try
            {
                while (await sockets.AcceptAsync() is { } connection)
                    arrived.Writer.TryWrite(connection);
                arrived.Writer.TryComplete();
            }
            catch (Exception e)
            {
                // It is the server's to hear, at its next accept.
                arrived.Writer.TryComplete(e);
            }
        }
    }

    sealed class Connection : DefaultConnectionContext
    {
        static readonly PipeOptions Options = new(useSynchronizationContext: false);
        readonly Pipe requests = new(Options), responses = new(Options);
        readonly CancellationTokenSource closed = new();

        /// <summary>What is being copied is not given back to the pool meanwhile.</summary>
        readonly Lock gate = new();
        bool isClosed;

        public Connection(EndPoint server)
        {
            Transport = new Ends(requests.Reader, responses.Writer);
            Client = new ClientStream(this);
            ConnectionClosed = closed.Token;
            (LocalEndPoint, RemoteEndPoint) = (server, new IPEndPoint(IPAddress.Loopback, 0));
        }

        public Stream Client { get; }

        public override void Abort(ConnectionAbortedException abortReason) => Close();

        /// <summary>The server is done; what it has written is still the client's to read.</summary>
        public override async ValueTask DisposeAsync()
        {
            await requests.Reader.CompleteAsync();
            await responses.Writer.CompleteAsync();
            await base.DisposeAsync();
        }

        /// <summary>Hung up, by either side: nobody's bytes arrive any more, and who waits for them hears it.</summary>
        void Close()
        {
            lock (gate)
            {
                if (isClosed)
                    return;
                isClosed = true;
                requests.Writer.CancelPendingFlush();
                requests.Writer.Complete();
                responses.Reader.CancelPendingRead();
                responses.Reader.Complete();
            }
            ThreadPool.UnsafeQueueUserWorkItem(source => source.Cancel(), closed, preferLocal: false);
        }

        sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

        sealed class ClientStream(Connection connection) : Stream
        {
            public override bool CanRead => true;

            public override bool CanSeek => false;

            public override bool CanWrite => true;

            public override long Length => throw new NotSupportedException();

            public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                var reader = connection.responses.Reader;
                try
                {
                    while (true)
                    {
                        var read = await reader.ReadAsync(cancellationToken);
                        lock (connection.gate)
                        {
                            if (connection.isClosed)
                                throw HungUp();
                            var bytes = read.Buffer;
                            // Asked for nothing, the question is whether there is something.
                            var isAnswered = !bytes.IsEmpty || read.IsCompleted;
                            var count = (int)Math.Min(bytes.Length, buffer.Length);
                            bytes.Slice(0, count).CopyTo(buffer.Span);
                            reader.AdvanceTo(bytes.GetPosition(count));
                            if (isAnswered)
                                return count;
                        }
                    }
                }
                catch (InvalidOperationException)
                {
                    throw HungUp();
                }
            }

            public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            {
                try
                {
                    if (await connection.requests.Writer.WriteAsync(buffer, cancellationToken) is { IsCompleted: true } or { IsCanceled: true })
                        throw HungUp();
                }
                catch (InvalidOperationException)
                {
                    throw HungUp();
                }
            }

            public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

            public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

            public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

            public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

            /// <summary>What is written is handed over at once.</summary>
            public override void Flush()
            {
            }

            public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

            public override void SetLength(long value) => throw new NotSupportedException();

            protected override void Dispose(bool disposing)
            {
                connection.Close();
                base.Dispose(disposing);
            }

            static IOException HungUp() => new("The other side has hung up.");
        }
    }
}
