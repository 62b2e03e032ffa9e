using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Ecom.Tests.Support;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ecom.Tests.Conformance;

/// <summary>Who gets no answer from the embedded host: a page in a browser on this machine, whoever has no token, an app that would lead a sidecar elsewhere.</summary>
public sealed class DoorsTests : IAsyncLifetime
{
    const string Secret = "DOORS_SECRET_";
    static readonly string[] Foreign = ["evil.example", "evil.example:3501", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "192.168.1.1", "[::2]"];
    readonly TempFolder folder = new("doors");
    readonly TestApp app = new(Ports.Free(), null, new { pubsubname = "pubsub", topic = "orders", route = "/on/orders" });
    readonly TestApp other = new(Ports.Free());
    readonly ConcurrentQueue<IReadOnlyDictionary<string, string>> told = new();
    readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
    EmbeddedHost host = null!;

    [Fact]
    public async Task No_port_answers_to_the_name_of_another_machine()
    {
        foreach (var (port, version, path) in Doors())
        {
            foreach (var name in Foreign)
            {
                using var refused = await Ask(port, version, path, name);
                refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest, $"{port}{path} as {name}");
                (await refused.Content.ReadAsStringAsync()).ShouldNotContain(host.ApiToken);
            }

            foreach (var name in (string[])["localhost", $"localhost:{port}", "127.0.0.1", "[::1]", "LOCALHOST"])
                using (var answered = await Ask(port, version, path, name))
                    answered.StatusCode.ShouldNotBe(HttpStatusCode.BadRequest, $"{port}{path} as {name}");
        }
    }

    [Theory]
    [InlineData("GET /v1.0/healthz/outbound HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /v1.0/healthz/outbound HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v1.0/healthz/outbound HTTP/1.0\r\n\r\n")]
    public async Task Nobody_is_answered_without_a_name(string request) => (await Say(request)).ShouldStartWith("HTTP/1.1 400");

    [Fact]
    public async Task The_mail_page_beside_dapr_run_answers_to_no_other_name_either()
    {
        var (smtp, page) = (Ports.Free(), Ports.Free());
        await using var server = await MailServer.Start(new(folder.File("mails"), smtp, page, TimeZoneInfo.Utc));

        using var refused = await Ask(page, HttpVersion.Version11, "/email", "evil.example");
        using var answered = await Ask(page, HttpVersion.Version11, "/email", $"localhost:{page}");

        (refused.StatusCode, answered.StatusCode).ShouldBe((HttpStatusCode.BadRequest, HttpStatusCode.OK));
    }

    public static TheoryData<string, string> Pages => new()
    {
        { "Origin", "https://evil.example" },
        { "Origin", "null" },
        { "Origin", "http://localhost:3000" },
        { "Sec-Fetch-Site", "cross-site" },
        { "Sec-Fetch-Site", "same-site" },
        { "Sec-Fetch-Site", "same-origin" },
        { "Sec-Fetch-Site", "" },
    };

    [Theory, MemberData(nameof(Pages))]
    public async Task A_page_can_neither_forge_an_event_nor_read_a_secret_nor_stop_a_sidecar(string header, string value)
    {
        foreach (var (method, path, type) in ((string, string, string)[])[
            ("POST", "/v1.0/publish/pubsub/orders?metadata.rawPayload=true", "text/plain"),
            ("POST", "/v1.0/publish/pubsub/orders", "application/x-www-form-urlencoded"),
            ("GET", "/v1.0/secrets/secrets/bulk", ""),
            ("GET", "/v1.0/secrets/secrets/DOOR", ""),
            ("GET", "/v1.0/invoke/other/method/echo/x", ""),
            ("GET", "/v1.0/healthz", ""),
            ("POST", "/v1.0/shutdown", "")])
        {
            using var request = new HttpRequestMessage(new(method), Address(path));
            if (type.Length > 0)
                request.Content = new StringContent("""{"specversion":"1.0","id":"forged","source":"s","type":"t","data":{} }""", Encoding.UTF8, type);
            // Whatever else is right: no page is to be answered.
            request.Headers.Add("dapr-api-token", host.ApiToken);
            request.Headers.TryAddWithoutValidation(header, value);

            using var answer = await http.SendAsync(request);

            answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
            (await answer.Content.ReadAsStringAsync()).ShouldNotContain("sesame");
        }

        await Publish("honest");
        await app.Get("orders", "honest");
        app.On("orders").Select(d => d.Id).ShouldBe(["honest"]);
    }

    [Fact]
    public async Task An_address_that_a_person_types_is_answered()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address("/v1.0/healthz"));
        request.Headers.Add("Sec-Fetch-Site", "none");

        using var answer = await http.SendAsync(request);

        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Each_run_has_tokens_of_its_own_which_its_apps_know_and_nobody_else()
    {
        var first = await Known();
        await host.DisposeAsync();
        await StartHost();
        var second = await Known();

        new[] { first.Api, first.App, second.Api, second.App }.ShouldBeUnique();
        second.Api.Length.ShouldBe(32);
        host.ApiToken.ShouldBe(second.Api);
        await Publish("told");
        (await app.Get("orders", "told")).Headers["dapr-api-token"].ShouldBe(second.App);
        foreach (var wrong in (string[])[first.Api, second.App, ""])
        {
            http.DefaultRequestHeaders.Remove("dapr-api-token");
            http.DefaultRequestHeaders.Add("dapr-api-token", wrong);
            (await http.GetAsync(Address("/v1.0/metadata"))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_token_that_was_given_is_the_one()
    {
        await host.DisposeAsync();
        await StartHost("mine", "its");

        (await Known()).ShouldBe(("mine", "its"));
        TokenFile.Read(folder.File("data")).ShouldBe("mine");
    }

    [UnsupportedOSPlatform("windows")]
    [Fact(SkipUnless = nameof(HasModes), Skip = "Files have modes on Unix.")]
    public async Task The_file_with_the_token_is_its_owners_alone_even_where_one_was_open_to_all()
    {
        var file = folder.File($"data/{TokenFile.Name}");
        await host.DisposeAsync();
        File.SetUnixFileMode(file, (UnixFileMode)0b110_110_110);

        await StartHost();

        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        TokenFile.Read(folder.File("data")).ShouldBe(host.ApiToken);
    }

    public static bool HasModes => !OperatingSystem.IsWindows();

    [Fact]
    public async Task No_invocation_leads_to_another_host()
    {
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var elsewhere = $"127.0.0.1:{((IPEndPoint)stranger.LocalEndpoint).Port}";
        var (token, here) = ($"dapr-api-token: {host.ApiToken}\r\nConnection: close\r\n", $"Host: localhost:{host.App("app").HttpPort}\r\n");

        foreach (var (target, headers) in ((string, string)[])[
            ($"/v1.0/invoke/other/method//{elsewhere}/x", here),
            ($"/v1.0/invoke/other/method///{elsewhere}/x", here),
            ($"/v1.0/invoke/other/method/\\{elsewhere}/x", here),
            ($"/v1.0/invoke/other/method/http://{elsewhere}/x", here),
            ($"/v1.0/invoke/other/%6Dethod/method@{elsewhere}/x", here),
            ($"/v1.0/invoke/other/%6Dethod/methodhttp://{elsewhere}/x", here),
            ($"//{elsewhere}/x", here + "dapr-app-id: other\r\n"),
            ($"http://{elsewhere}/x", here + "dapr-app-id: other\r\n"),
            ($"http://{elsewhere}/x", $"Host: {elsewhere}\r\ndapr-app-id: other\r\n")])
        {
            var answer = await Say($"GET {target} HTTP/1.1\r\n{headers}{token}\r\n");
            answer.ShouldMatch("^HTTP/1.1 (404|400) ", $"{target}: {answer}");
            stranger.Pending().ShouldBeFalse(target);
        }

        foreach (var method in (string[])[$"//{elsewhere}/x", $"http://{elsewhere}/x", $"@{elsewhere}/x"])
        {
            await Should.ThrowAsync<RpcException>(Invoke(method));
            stranger.Pending().ShouldBeFalse(method);
        }
    }

    [Fact]
    public async Task The_other_app_is_told_who_calls_whatever_the_caller_says()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address("/v1.0/invoke/other/method/echo/x"));
        request.Headers.Add("dapr-api-token", host.ApiToken);
        request.Headers.Add("dapr-caller-app-id", "order-service");

        using var answer = await http.SendAsync(request);
        // The echo is no success: gRPC tells its body as the error.
        var byGrpc = await Should.ThrowAsync<RpcException>(Invoke("echo/x"));

        foreach (var echo in (string[])[await answer.Content.ReadAsStringAsync(), byGrpc.Status.Detail])
        {
            var headers = JsonNode.Parse(echo)!["headers"]!;
            ((string?)headers["dapr-caller-app-id"]).ShouldBe("app");
            ((string?)headers["dapr-callee-app-id"]).ShouldBe("other");
        }
    }

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable(Secret + "DOOR", "open sesame");
        folder.Write("resources/pubsub.yaml", Component("pubsub", "pubsub.sqlite"));
        folder.Write("resources/secrets.yaml", Component("secrets", "secretstores.local.env") + $"  metadata:\n    - name: prefix\n      value: {Secret}\n");
        await app.Start();
        await other.Start();
        await StartHost();
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await app.DisposeAsync();
        await other.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    static string Component(string name, string type) => $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n";

    async Task StartHost(string? apiToken = null, string? appToken = null)
    {
        host = await EmbeddedHost.Start(new EmbeddedHostOptions
        {
            Run = new RunFile([
                new AppSpec { AppId = "app", AppPort = app.Port },
                new AppSpec { AppId = "other", AppPort = other.Port },
                new AppSpec { AppId = "told", Folder = folder.Path, AppPort = 1, Command = ["in this process"] }]),
            ResourcesPath = folder.File("resources"),
            DataFolder = folder.File("data"),
            FreePorts = true,
            ApiToken = apiToken,
            AppToken = appToken,
            Programs = new Dictionary<string, AppProgram> { ["told"] = Listen },
        });
        await Eventually.Until(async () => (await http.GetAsync(Address("/v1.0/healthz"))).IsSuccessStatusCode, TimeSpan.FromSeconds(20), "the sidecar has found its app");
    }

    async Task<int> Listen(IReadOnlyDictionary<string, string> environment, Action<string> output, CancellationToken stop)
    {
        told.Enqueue(environment);
        await Task.Delay(Timeout.Infinite, stop);
        return 0;
    }

    /// <summary>What the newest run told its app.</summary>
    async Task<(string Api, string App)> Known()
    {
        var environment = (await Eventually.Get(() => Task.FromResult(told.LastOrDefault(e => e["DAPR_HTTP_PORT"] == $"{host.App("told").HttpPort}")), TimeSpan.FromSeconds(20), "the app is told"))!;
        return (environment["DAPR_API_TOKEN"], environment["APP_API_TOKEN"]);
    }

    IEnumerable<(int Port, Version Version, string Path)> Doors()
    {
        foreach (var one in host.Apps)
        {
            foreach (var path in (string[])["/v1.0/healthz/outbound", "/v1.0/secrets/secrets/bulk", "/nothing"])
                yield return (one.HttpPort, HttpVersion.Version11, path);
            yield return (one.GrpcPort, HttpVersion.Version20, "/dapr.proto.runtime.v1.Dapr/GetBulkSecret");
        }

        foreach (var path in (string[])["/", "/email", "/healthz"])
            yield return (host.MailPort, HttpVersion.Version11, path);
    }

    async Task<HttpResponseMessage> Ask(int port, Version version, string path, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}{path}") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("Host", name);
        return await http.SendAsync(request);
    }

    async Task Publish(string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address("/v1.0/publish/pubsub/orders"))
        {
            Content = new StringContent($$"""{"specversion":"1.0","id":"{{id}}","source":"s","type":"t","data":{} }""", Encoding.UTF8, "application/cloudevents+json"),
        };
        request.Headers.Add("dapr-api-token", host.ApiToken);
        (await http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    /// <summary>The other app, by gRPC.</summary>
    async Task Invoke(string method)
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{host.App("app").GrpcPort}");
        await new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(channel).InvokeServiceAsync(new() { Id = "other", Message = new() { Method = method } }, new Metadata { { "dapr-api-token", host.ApiToken } });
    }

    /// <summary>As written: a client library would tidy it up first.</summary>
    async Task<string> Say(string request)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, host.App("app").HttpPort);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var answer = new StreamReader(connection.GetStream(), Encoding.UTF8);
        using var patience = new CancellationTokenSource(Eventually.OnABusyMachine(TimeSpan.FromSeconds(20)));
        return await answer.ReadToEndAsync(patience.Token);
    }

    Uri Address(string path) => new($"http://127.0.0.1:{host.App("app").HttpPort}{path}");
}
