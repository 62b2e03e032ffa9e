using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Streaming;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ecom.Spark.Connect.Wire;

/// <summary>One session on one server: its ids, its channel, its keep-alive, and the calls that answer once.</summary>
internal sealed class SparkClient : IAsyncDisposable
{
    // Together about 12 seconds: a server behind a proxy that restarts is back by then.
    static readonly TimeSpan[] Waits = [.. new[] { 50, 100, 200, 400, 800, 1500, 2000, 3000, 4000 }.Select(ms => TimeSpan.FromMilliseconds(ms))];
    static readonly TimeSpan CallTimeout = TimeSpan.FromMinutes(2);
    const int MaxMessage = 128 * 1024 * 1024;

    readonly Remote remote;
    readonly GrpcChannel channel;
    readonly Metadata headers = [];
    readonly Timer keepAlive;
    string? serverSession;

    public SparkClient(Remote remote, TimeSpan keepAliveInterval)
    {
        this.remote = remote;
        foreach (var (key, value) in remote.Headers)
            headers.Add(key, value);
        channel = GrpcChannel.ForAddress(remote.Address, new GrpcChannelOptions
        {
            MaxReceiveMessageSize = MaxMessage,
            MaxSendMessageSize = null,
            HttpHandler = new SocketsHttpHandler
            {
                KeepAlivePingDelay = TimeSpan.FromSeconds(20),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
                EnableMultipleHttp2Connections = true,
                ConnectTimeout = TimeSpan.FromSeconds(5),
            },
        });
        Rpc = new SparkConnectService.SparkConnectServiceClient(channel);
        User = new UserContext { UserId = remote.UserId, UserName = remote.UserId };
        Listeners = new ListenerBus(this);
        // The server closes a session, and its streams, after an hour without a call.
        keepAlive = new Timer(_ => _ = Ping(), null, keepAliveInterval, keepAliveInterval);
    }

    public SparkConnectService.SparkConnectServiceClient Rpc { get; }
    public string SessionId => remote.SessionId;
    public UserContext User { get; }
    public ListenerBus Listeners { get; }
    public string ClientType => remote.UserAgent;

    /// <summary>What the server called its side of the session: sent back, so that a restarted server is noticed.</summary>
    public string? ServerSession => serverSession;

    public CallOptions Options(CancellationToken cancellation, bool bounded = true) =>
        new(headers, bounded ? DateTime.UtcNow + CallTimeout : null, cancellation);

    public void Observe(string session)
    {
        if (session.Length > 0)
            Interlocked.CompareExchange(ref serverSession, session, null);
    }

    /// <summary>The first call: fails at once, with a message that says what is wrong, when nobody answers.</summary>
    public async Task<string> Connect(CancellationToken cancellation) =>
        (await Call(options => Rpc.AnalyzePlanAsync(NewAnalyze(new() { SparkVersion = new() }), options), cancellation, retry: false).ConfigureAwait(false)).SparkVersion.Version;

    public async Task<AnalyzePlanResponse> Analyze(AnalyzePlanRequest request, CancellationToken cancellation = default)
    {
        var response = await Call(options => Rpc.AnalyzePlanAsync(NewAnalyze(request), options), cancellation).ConfigureAwait(false);
        Observe(response.ServerSideSessionId);
        return response;
    }

    public async Task<ConfigResponse> Config(ConfigRequest.Types.Operation operation, CancellationToken cancellation = default)
    {
        var response = await Call(options => Rpc.ConfigAsync(NewConfig(operation), options), cancellation).ConfigureAwait(false);
        Observe(response.ServerSideSessionId);
        return response;
    }

    /// <summary>Runs a plan to its end and hands each answer to <paramref name="onResponse"/>.</summary>
    public Task Execute(Plan plan, Action<ExecutePlanResponse> onResponse, CancellationToken cancellation) =>
        new PlanExecution(this, plan, cancellation).Run(onResponse);

    public async Task<ExecutePlanResponse?> ExecuteCommand(Command command, CancellationToken cancellation = default)
    {
        ExecutePlanResponse? last = null;
        await Execute(new Plan { Command = command }, Keep, cancellation).ConfigureAwait(false);
        return last;

        void Keep(ExecutePlanResponse response)
        {
            if (response.ResponseTypeCase is not (ExecutePlanResponse.ResponseTypeOneofCase.None or ExecutePlanResponse.ResponseTypeOneofCase.ResultComplete))
                last = response;
        }
    }

    /// <summary>Runs a call; a broken connection is tried again, a refusal becomes a <see cref="SparkException"/>.</summary>
    async Task<T> Call<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation, bool retry = true)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call(Options(cancellation)).ConfigureAwait(false);
            }
            catch (RpcException) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellation);
            }
            catch (RpcException e) when (retry && attempt < Waits.Length && ErrorDetails.IsBroken(e))
            {
                await Task.Delay(Waits[attempt], cancellation).ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                throw await Translate(e).ConfigureAwait(false);
            }
        }
    }

    public static TimeSpan? WaitBefore(int attempt) => attempt < Waits.Length ? Waits[attempt] : null;

    public Task<SparkException> Translate(RpcException error) => ErrorDetails.Read(error, remote.Address, FetchErrorDetails);

    public async ValueTask DisposeAsync()
    {
        await keepAlive.DisposeAsync().ConfigureAwait(false);
        await Listeners.DisposeAsync().ConfigureAwait(false);
        try
        {
            var request = new ReleaseSessionRequest { SessionId = SessionId, UserContext = User, ClientType = ClientType };
            await Rpc.ReleaseSessionAsync(request, headers, DateTime.UtcNow.AddSeconds(10)).ConfigureAwait(false);
        }
        catch (RpcException)
        {
            // The server is gone, and the session with it.
        }
        channel.Dispose();
    }

    async Task Ping()
    {
        try
        {
            await Rpc.ConfigAsync(NewConfig(new() { GetOption = new() { Keys = { "spark.app.name" } } }), headers, DateTime.UtcNow.AddSeconds(10)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            // The next real call finds out and says so.
        }
    }

    async Task<FetchErrorDetailsResponse?> FetchErrorDetails(string errorId)
    {
        try
        {
            var request = new FetchErrorDetailsRequest { SessionId = SessionId, UserContext = User, ClientType = ClientType, ErrorId = errorId };
            return await Rpc.FetchErrorDetailsAsync(request, headers, DateTime.UtcNow.AddSeconds(10)).ConfigureAwait(false);
        }
        catch (RpcException)
        {
            return null; // the short form in the trailer still says what happened
        }
    }

    AnalyzePlanRequest NewAnalyze(AnalyzePlanRequest request)
    {
        (request.SessionId, request.UserContext, request.ClientType) = (SessionId, User, ClientType);
        if (ServerSession is { } observed)
            request.ClientObservedServerSideSessionId = observed;
        return request;
    }

    ConfigRequest NewConfig(ConfigRequest.Types.Operation operation)
    {
        var request = new ConfigRequest { SessionId = SessionId, UserContext = User, ClientType = ClientType, Operation = operation };
        if (ServerSession is { } observed)
            request.ClientObservedServerSideSessionId = observed;
        return request;
    }
}
