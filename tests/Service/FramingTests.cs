using System.Net.Sockets;
using System.Text;

namespace Ecom.Tests.Service;

/// <summary>Bodies as they come over the wire: too large, empty, in one piece or in chunks. Raw sockets, because a client library hides what happens.</summary>
public sealed class FramingTests(CartFixture fixture) : IClassFixture<CartFixture>
{
    const int TenMegabytes = 10 * 1024 * 1024;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("/cart/u1/items", false, "422")]
    [InlineData("/cart/u1/items", true, "422")]
    [InlineData("/nothing", false, "422")]
    [InlineData("/nothing", true, "422")]
    public async Task A_body_over_the_limit_is_answered_and_the_connection_goes_on(string path, bool chunked, string status)
    {
        using var connection = await Connect();

        for (var i = 0; i < 3; i++)
        {
            await Send(connection, $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{(chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {TenMegabytes}")}\r\n\r\n");
            await connection.GetStream().WriteAsync(chunked ? Encoding.ASCII.GetBytes($"{TenMegabytes:x}\r\n{new string('x', TenMegabytes)}\r\n0\r\n\r\n") : new byte[TenMegabytes]);
            var answer = await Receive(connection);
            answer.ShouldStartWith($"HTTP/1.1 {status}");
            answer.ShouldContain("application/problem+json");
            answer.ShouldContain("The body must be at most 64 KiB.");
        }

        await Send(connection, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        (await Receive(connection)).ShouldStartWith("HTTP/1.1 200");
    }

    public static TheoryData<string> EmptyBodies =>
    [
        "\r\n",
        "Content-Length: 0\r\n\r\n",
        "Content-Type: application/json\r\n\r\n",
        "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];

    [Theory, MemberData(nameof(EmptyBodies))]
    public async Task An_empty_body_counts_as_none(string framing)
    {
        var user = $"u-{Guid.NewGuid():N}";
        await fixture.Service.Http.Send("POST", $"/cart/{user}/items", """{"product_id":"PROD-001","quantity":1}""");
        using var connection = await Connect();

        await Send(connection, $"POST /cart/{user}/checkout HTTP/1.1\r\nHost: localhost\r\n{framing}");
        var optional = await Receive(connection);
        await Send(connection, $"POST /cart/{user}/items HTTP/1.1\r\nHost: localhost\r\n{framing}");
        var needed = await Receive(connection);

        optional.ShouldStartWith("HTTP/1.1 200");
        needed.ShouldStartWith("HTTP/1.1 400");
        needed.ShouldContain("A body is needed: a JSON object.");
    }

    [Fact]
    public async Task A_chunked_body_is_read_as_one_in_a_piece()
    {
        const string body = """{"product_id":"PROD-001","quantity":1}""";
        using var connection = await Connect();

        await Send(connection, $"POST /cart/u-chunked/items HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n");

        (await Receive(connection)).ShouldStartWith("HTTP/1.1 201");
    }

    [Fact]
    public async Task A_wish_for_another_protocol_is_passed_over()
    {
        using var connection = await Connect();

        await Send(connection, "GET /cart/u1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");

        (await Receive(connection)).ShouldStartWith("HTTP/1.1 200");
    }

    async Task<TcpClient> Connect()
    {
        var connection = new TcpClient();
        await connection.ConnectAsync("127.0.0.1", fixture.Service.Http.BaseAddress!.Port);
        return connection;
    }

    static async Task Send(TcpClient connection, string text) => await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>One answer, to the end of its body.</summary>
    static async Task<string> Receive(TcpClient connection)
    {
        using var patience = new CancellationTokenSource(Patience);
        var text = new StringBuilder();
        var part = new byte[4096];
        while (!IsWhole(text.ToString()))
        {
            var count = await connection.GetStream().ReadAsync(part, patience.Token);
            count.ShouldBeGreaterThan(0, $"the connection ended after '{text}'");
            text.Append(Encoding.UTF8.GetString(part, 0, count));
        }

        return text.ToString();
    }

    static bool IsWhole(string answer)
    {
        var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return false;
        var length = answer[..head].Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
        return length is null ? answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) : answer.Length >= head + 4 + int.Parse(length["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
