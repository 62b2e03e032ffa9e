using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Ecom.Sidecar.PubSub;

/// <summary>The way to one app: knows whether it answers, and waits without using up attempts while it does not.</summary>
sealed class AppChannel(string appId, int port, string token, Config.HealthCheck? check, LocalNetwork? network) : IDisposable
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = network is null ? null : network.Connect,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    })
    { Timeout = Timeout.InfiniteTimeSpan };
    readonly Lock gate = new();
    TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    TaskCompletionSource away = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string AppId => appId;
    public int Port => port;
    public Uri Base { get; } = new($"http://127.0.0.1:{port}");
    public bool IsReady => ready.Task.IsCompleted;

    public Task WhenReady(CancellationToken stop) => ready.Task.IsCompleted ? Task.CompletedTask : ready.Task.WaitAsync(stop);

    /// <summary>The app was found not to answer (or its process ended): deliveries wait until it is found again.</summary>
    public void Lost()
    {
        lock (gate)
        {
            if (!ready.Task.IsCompleted) return;
            ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
            away.TrySetResult();
        }
    }

    /// <summary>Finds the app, lets it say what it wants, opens the deliveries; again after each time it went away.</summary>
    public async Task Follow(Func<CancellationToken, Task> found, CancellationToken stop)
    {
        while (true)
        {
            while (!await Answers(stop)) await Task.Delay(Poll, stop);
            await found(stop);
            lock (gate)
            {
                away = new(TaskCreationOptions.RunContinuationsAsynchronously);
                ready.TrySetResult();
            }
            await StaysUp(stop);
            Lost();
        }
    }

    async Task StaysUp(CancellationToken stop)
    {
        for (var failures = 0; ;)
        {
            try
            {
                await away.Task.WaitAsync(check?.Interval ?? Watch, stop);
                return;
            }
            catch (TimeoutException)
            {
                failures = await Answers(stop) ? 0 : failures + 1;
                if (failures >= (check?.Threshold ?? 1)) return;
            }
        }
    }

    async Task<bool> Answers(CancellationToken stop)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timeout.CancelAfter(check?.Timeout ?? TimeSpan.FromMilliseconds(500));
        try
        {
            if (check is null)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, timeout.Token);
                return true;
            }
            using var answer = await Send(new HttpRequestMessage(HttpMethod.Get, new Uri(Base, check.Path)), timeout.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is SocketException or HttpRequestException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return false;
        }
    }

    public Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken stop, HttpCompletionOption until = HttpCompletionOption.ResponseContentRead)
    {
        request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        return http.SendAsync(request, until, stop);
    }

    public async Task<(int Status, byte[] Body)> Post(string route, byte[] body, string contentType, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Base, route)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        foreach (var (name, value) in headers)
            if (!value.AsSpan().ContainsAnyInRange('\0', '\x1f')) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Send(request, stop);
        return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(stop));
    }

    /// <summary>Nobody listens there: nothing was sent, so trying again can do no harm.</summary>
    public static bool Refused(Exception e) => e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
        && e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    public void Dispose() => http.Dispose();
}
