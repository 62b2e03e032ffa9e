using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The services' requests.http, sent as an editor sends them: variables, named requests and all.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed partial class RequestFiles(EmbeddedWorld world) : IDisposable
{
    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(20) };
    readonly Dictionary<string, string> variables = [];
    readonly Dictionary<string, JsonNode> answers = [];

    sealed record Request(string? Name, string Method, string Url, IReadOnlyList<string> Headers, string Body);

    [Theory]
    [InlineData("Cart", 6)]
    [InlineData("Order", 6)]
    [InlineData("Payment", 4)]
    [InlineData("Inventory", 2)]
    [InlineData("Notification", 2)]
    [InlineData("Analytics", 8)]
    public async Task Every_request_of_a_service_works_from_top_to_bottom(string service, int count)
    {
        var blocks = Blocks().Split(await File.ReadAllTextAsync(Repository.File($"services/{service}/requests.http"))).Select(Read).OfType<Request>().ToList();

        List<string> orders = [];

        blocks.Count.ShouldBe(count);
        foreach (var request in blocks)
            await Eventually.Until(
                async () =>
                {
                    using var answer = await Send(request);
                    // A person reads before the next click; until then the events have arrived.
                    if (request.Method == "GET" && (int)answer.StatusCode == 404)
                        return false;
                    // Only a refusal is read to its end: a stream that follows an open order has none.
                    if (!answer.IsSuccessStatusCode)
                        Assert.Fail($"{service}: {request} → {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                    if (request.Name is { } name)
                        answers[name] = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
                    if (request.Url.EndsWith("/checkout", StringComparison.Ordinal))
                        orders.Add(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["order_id"]!.ToString());
                    return true;
                },
                TimeSpan.FromSeconds(30),
                $"{service}: {request} finds what it asks for");
        // The shop is the other tests', too.
        foreach (var orderId in orders)
            await Eventually.Until(async () => (await world.Shop.Customer.Read(orderId)).Closed, TimeSpan.FromSeconds(60), $"{orderId} has ended");
    }

    public void Dispose() => http.Dispose();

    /// <summary>Comments and variables, the request's line, its headers, an empty line, its body.</summary>
    Request? Read(string block)
    {
        string? name = null;
        var lines = block.Split('\n').Select(line => line.TrimEnd()).SkipWhile(line =>
        {
            if (Named().Match(line) is { Success: true } named)
                name = named.Groups[1].Value;
            if (Variable().Match(line) is { Success: true } variable)
                variables[variable.Groups[1].Value] = variable.Groups[2].Value;
            return line.Length == 0 || line[0] is '#' or '@';
        }).ToList();
        if (lines.Count == 0)
            return null;
        var (method, url) = (lines[0].Split(' ')[0], lines[0].Split(' ')[1]);
        return new(name, method, url, [.. lines.Skip(1).TakeWhile(line => line.Length > 0)], string.Join('\n', lines.SkipWhile(line => line.Length > 0)).Trim());
    }

    Task<HttpResponseMessage> Send(Request request)
    {
        var url = new UriBuilder(Resolve(request.Url));
        url.Port += world.Shop.Offset;
        var message = new HttpRequestMessage(new(request.Method), url.Uri);
        var headers = request.Headers.Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => Resolve(pair[1]));
        if (request.Body.Length > 0)
            message.Content = new StringContent(Resolve(request.Body), MediaTypeHeaderValue.Parse(headers["Content-Type"]));
        foreach (var (header, value) in headers.Where(header => header.Key != "Content-Type"))
            message.Headers.Add(header, value);
        return http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    string Resolve(string text) => Placeholder().Replace(text, found => found.Groups["path"] is { Success: true, Value: var path }
        ? answers[found.Groups["name"].Value][path]!.ToString()
        : Resolve(variables[found.Groups["name"].Value]));

    [GeneratedRegex("^###.*$", RegexOptions.Multiline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"^# @name (\w+)$")]
    private static partial Regex Named();

    [GeneratedRegex(@"^@(\w+) = (.+)$")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{\{(?<name>\w+)(\.response\.body\.\$\.(?<path>\w+))?\}\}")]
    private static partial Regex Placeholder();
}
