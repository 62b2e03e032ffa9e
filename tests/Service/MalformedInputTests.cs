using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>Thousands of generated inputs on every route and topic: none is answered by 500, none blocks a partition, none ends a service.</summary>
public sealed class MalformedInputTests
{
    // The embedded computation gathers half a second of events before it answers.
    const int Inputs = 1500, SideBySide = 64;
    static readonly string[] ErrorTypes = ["InvalidEvent", "Again", "Never"];
    static readonly Gen<string> ContentType = Gen.Frequency((8, Gen.Const("application/json")), (1, Gen.OneOfConst("application/cloudevents+json", "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")));

    /// <param name="Topic">Null: a route.</param>
    /// <param name="Events">How many events a bulk delivery brings; 0 for what is none.</param>
    sealed record Input(string Method, string Path, byte[]? Body, string ContentType, (string Name, string Value)[] Headers, string? Topic = null, int Events = 0)
    {
        public override string ToString() => $"{Method} {Path} {ContentType} {string.Join(' ', Headers)} {(Body is null ? "" : Encoding.UTF8.GetString(Body))}";
    }

    [Theory]
    [InlineData("Cart", Database.None)]
    [InlineData("Order", Database.Sqlite)]
    [InlineData("Payment", Database.Sqlite)]
    [InlineData("Inventory", Database.Sqlite)]
    [InlineData("Notification", Database.Sqlite)]
    [InlineData("Analytics", Database.Sqlite)]
    [InlineData("Analytics", Database.Sqlite, "spark")]
    public async Task Whatever_comes_is_answered_and_the_service_goes_on(string name, Database database, string engine = "embedded")
    {
        await using var service = await ServiceProcess.Start(name, database, new Dictionary<string, string> { ["EVENT_RETRY_SECONDS"] = "0,0", ["ANALYTICS_ENGINE"] = engine, ["FOLLOW_MOST"] = "100000" });
        var inputs = Gen.OneOf([.. OnRoutes(await service.Get("/openapi.json")), .. OnTopics(await service.Get("/dapr/subscribe"))]);

        await inputs.SampleAsync(input => ShouldBeAnswered(service, input), iter: Inputs, threads: SideBySide, print: input => $"{input}");

        await Eventually.Until(async () => (await service.Http.GetAsync("/health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(20), "it is ready");
        if (database is not Database.None)
            await Eventually.Until(async () => await service.Count("outbox_events") == 0, TimeSpan.FromSeconds(20), "all that it had to say is out");
        service.DeadLetters.Select(letter => (string)letter["error_type"]!).Distinct().ShouldBeSubsetOf(ErrorTypes, "a handler failed on an event that it should have refused");
        (await service.Stop()).ShouldBe(0, "it is the process that was started");
    }

    static async Task ShouldBeAnswered(ServiceProcess service, Input input)
    {
        var uri = new Uri(service.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) + input.Path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new(input.Method), uri);
        if (input.Body is not null)
        {
            request.Content = new ByteArrayContent(input.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(input.ContentType);
        }

        foreach (var (header, value) in input.Headers)
            request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await service.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        // A stream goes on for as long as its order.
        var text = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync();
        var status = (int)answer.StatusCode;
        status.ShouldBeLessThan(500, text);
        if (status >= 400)
        {
            $"{answer.Content.Headers.ContentType}".ShouldBe("application/problem+json", $"{status} {text}");
            ((string?)JsonNode.Parse(text)!["detail"]).ShouldNotBeNullOrWhiteSpace(text);
        }

        if (input is { Topic: not null, Events: > 0 })
            status.ShouldBe(200, text);
        if (input.Topic is not null && status == 200)
            text.ShouldNotContain("RETRY", Case.Sensitive, "the partition would wait for it");
    }

    static IEnumerable<Gen<Input>> OnRoutes(JsonNode document) =>
        document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => OnRoute(operation.Key.ToUpperInvariant(), path.Key, operation.Value!, document)));

    static Gen<Input> OnRoute(string method, string path, JsonNode operation, JsonNode document)
    {
        var parameters = (operation["parameters"]?.AsArray() ?? []).Select(parameter => (Name: (string)parameter!["name"]!, In: (string)parameter["in"]!)).ToList();
        List<string> InPlace(string place) => [.. parameters.Where(parameter => parameter.In == place).Select(parameter => parameter.Name)];
        var (inPath, inQuery, inHeader) = (InPlace("path"), InPlace("query"), InPlace("header"));
        var body = operation["requestBody"]?["content"]?["application/json"]?["schema"] is { } schema ? Malformed.Bytes(Good(schema, document)) : Gen.Byte.Array[0, 8];
        return Gen.Select(Malformed.Parameter.Array[inPath.Count], Malformed.Parameter.Array[inQuery.Count], Malformed.Header.Array[inHeader.Count], body.Null(), ContentType).Select((ids, queries, headers, bytes, contentType) => new Input(
            method,
            inPath.Zip(ids).Aggregate(path, (whole, id) => whole.Replace($"{{{id.First}}}", id.Second)) + (inQuery.Count > 0 ? "?" + string.Join('&', inQuery.Zip(queries, (query, value) => $"{query}={value}")) : ""),
            method is "GET" ? null : bytes,
            contentType,
            [.. inHeader.Zip(headers)]));
    }

    /// <summary>A body as its description wants it.</summary>
    static string Good(JsonNode schema, JsonNode document)
    {
        if ((schema["$ref"] ?? schema["oneOf"]?.AsArray().FirstOrDefault(one => one!["$ref"] is not null)?["$ref"]) is { } reference)
            return Good(reference.ToString().Split('/')[1..].Aggregate(document, (node, step) => node[step]!), document);
        if (schema["properties"] is JsonObject properties)
            return $"{{{string.Join(',', properties.Select(property => $"\"{property.Key}\":{Good(property.Value!, document)}"))}}}";
        var types = schema["type"]!.ToJsonString();
        return schema["enum"]?[0]?.ToJsonString() ?? (types.Contains("integer") ? "1" : types.Contains("number") ? "1.99" : "\"PROD-001\"");
    }

    static IEnumerable<Gen<Input>> OnTopics(JsonNode subscriptions) => subscriptions.AsArray().SelectMany(subscription =>
    {
        var (topic, path) = ((string)subscription!["topic"]!, $"/{(subscription["route"] ?? subscription["routes"]!["default"])!.ToString().TrimStart('/')}");
        var good = File.ReadAllText(Repository.File($"tests/Contract/golden/{topic}.json"));
        Gen<Input> As(Gen<byte[]> bodies, int events) => Gen.Select(bodies, ContentType).Select((bytes, contentType) => new Input("POST", path, bytes, contentType, [], topic, events));
        // What a sidecar brings in bulk it has read: each event is JSON.
        return subscription["bulkSubscribe"] is null
            ? [As(Malformed.Bytes(good), 1)]
            : (IEnumerable<Gen<Input>>)[As(Malformed.Json(good).Array[1, 5].Select(Bulk), 1), As(Malformed.Bytes(Encoding.UTF8.GetString(Bulk([good]))), 0)];
    });

    static byte[] Bulk(string[] events) =>
        Encoding.UTF8.GetBytes($$"""{"id":"b","entries":[{{string.Join(',', events.Select((e, i) => $$"""{"entryId":"{{i}}","event":{{e}},"contentType":"application/cloudevents+json"}"""))}}],"topic":"t"}""");
}
