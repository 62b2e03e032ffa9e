using Ecom.Spark.Connect.Protocol;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ecom.Spark.Connect.Wire;

/// <summary>One session on one server: its ids, its channel, its keep-alive, and the calls that answer once.</summary>
internal sealed class SparkClient : IDisposable
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
        // The server closes a session, and its streams, after an hour without a call.
        keepAlive = new Timer(_ => Ping(), null, keepAliveInterval, keepAliveInterval);
    }

    public SparkConnectService.SparkConnectServiceClient Rpc { get; }
    public string SessionId => remote.SessionId;
    public UserContext User { get; }
    public string ClientType => remote.UserAgent;

    /// <summary>What the server called its side of the session: sent back, so that a restarted server is noticed.</summary>
    public string? ServerSession => serverSession;

    public CallOptions Options(bool bounded = true) =>
        new(headers, bounded ? DateTime.UtcNow + CallTimeout : null);

    public void Observe(string session)
    {
        if (session.Length > 0)
            Interlocked.CompareExchange(ref serverSession, session, null);
    }

    /// <summary>The first call: fails at once, with a message that says what is wrong, when nobody answers.</summary>
    public string Connect() => Call(() => Rpc.AnalyzePlan(NewAnalyze(new() { SparkVersion = new() }), Options()), retry: false).SparkVersion.Version;

    public AnalyzePlanResponse Analyze(AnalyzePlanRequest request)
    {
        var response = Call(() => Rpc.AnalyzePlan(NewAnalyze(request), Options()));
        Observe(response.ServerSideSessionId);
        return response;
    }

    public ConfigResponse Config(ConfigRequest.Types.Operation operation)
    {
        var response = Call(() => Rpc.Config(NewConfig(operation), Options()));
        Observe(response.ServerSideSessionId);
        return response;
    }

    /// <summary>Runs a plan to its end and hands each answer to <paramref name="onResponse"/>.</summary>
    public void Execute(Plan plan, Action<ExecutePlanResponse>? onResponse = null)
    {
        var run = new PlanExecution(this, plan);
        run.Run(onResponse ?? (_ => { })).GetAwaiter().GetResult();
    }

    public ExecutePlanResponse? ExecuteCommand(Command command)
    {
        ExecutePlanResponse? last = null;
        Execute(new Plan { Command = command }, response =>
        {
            if (response.ResponseTypeCase is not (ExecutePlanResponse.ResponseTypeOneofCase.None or ExecutePlanResponse.ResponseTypeOneofCase.ResultComplete))
                last = response;
        });
        return last;
    }

    /// <summary>Runs a call; a broken connection is tried again, a refusal becomes a <see cref="SparkException"/>.</summary>
    public T Call<T>(Func<T> call, bool retry = true)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return call();
            }
            catch (RpcException e) when (retry && attempt < Waits.Length && ErrorDetails.IsBroken(e))
            {
                Thread.Sleep(Waits[attempt]);
            }
            catch (RpcException e)
            {
                throw Translate(e);
            }
        }
    }

    public static TimeSpan? WaitBefore(int attempt) => attempt < Waits.Length ? Waits[attempt] : null;

    public SparkException Translate(RpcException error) => ErrorDetails.Read(error, remote.Address, FetchErrorDetails);

    public void Dispose()
    {
        keepAlive.Dispose();
        try
        {
            Rpc.ReleaseSession(new ReleaseSessionRequest { SessionId = SessionId, UserContext = User, ClientType = ClientType }, headers, DateTime.UtcNow.AddSeconds(10));
        }
        catch (RpcException)
        {
            // The server is gone, and the session with it.
        }
        channel.Dispose();
    }

    void Ping()
    {
        try
        {
            Rpc.Config(NewConfig(new() { GetOption = new() { Keys = { "spark.app.name" } } }), headers, DateTime.UtcNow.AddSeconds(10));
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            // The next real call finds out and says so.
        }
    }

    FetchErrorDetailsResponse? FetchErrorDetails(string errorId)
    {
        try
        {
            var request = new FetchErrorDetailsRequest { SessionId = SessionId, UserContext = User, ClientType = ClientType, ErrorId = errorId };
            return Rpc.FetchErrorDetails(request, headers, DateTime.UtcNow.AddSeconds(10));
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
