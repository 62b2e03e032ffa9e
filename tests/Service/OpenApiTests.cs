using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Ecom.Tests.Service;

/// <summary><c>/openapi.json</c> and <c>/docs</c> as somebody reads them who has never seen the code: complete, true, and in the wire's names.</summary>
public sealed partial class OpenApiTests(OneOfEach services)
{
    public static TheoryData<string> Services => ["Cart", "Order", "Payment", "Inventory", "Notification", "Analytics"];

    [Theory, MemberData(nameof(Services))]
    public async Task Every_route_says_what_it_takes_answers_and_refuses(string name)
    {
        var service = await services.Get(name);

        var document = await service.Get("/openapi.json");

        document["openapi"]!.ToString().ShouldStartWith("3.");
        foreach (var (where, operation) in Operations(document))
        {
            ((string?)operation["summary"]).ShouldNotBeNullOrWhiteSpace(where);
            ((string?)operation["operationId"]).ShouldNotBeNullOrWhiteSpace(where);
            operation["tags"]!.AsArray().ShouldHaveSingleItem(where);
            var answers = operation["responses"]!.AsObject();
            answers.ShouldContain(answer => answer.Key.StartsWith('2'), where);
            string[] refusals = operation["requestBody"] is null ? ["422", "503"] : ["400", "415", "422", "503"];
            refusals.ShouldBeSubsetOf(answers.Select(answer => answer.Key), where);
            foreach (var (status, answer) in answers.Where(answer => answer.Key[0] is '4' or '5'))
                answer!["content"]!.AsObject().ShouldHaveSingleItem($"{where} {status}").Key.ShouldBe("application/problem+json");
            foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
                ParameterShouldBeTrue(parameter!, where);
        }

        Operations(document).Select(o => (string?)o.Operation["operationId"]).ShouldBeUnique();
    }

    [Theory, MemberData(nameof(Services))]
    public async Task A_validator_finds_nothing_wrong(string name)
    {
        var service = await services.Get(name);

        var read = OpenApiDocument.Parse(await service.Http.GetStringAsync("/openapi.json"), OpenApiConstants.Json);

        read.Document!.Paths.ShouldNotBeEmpty();
        read.Diagnostic!.Errors.Concat(read.Diagnostic.Warnings).Select(wrong => $"{wrong}").ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Services))]
    public async Task Every_field_has_a_type_and_every_reference_leads_somewhere(string name)
    {
        var service = await services.Get(name);

        var document = await service.Get("/openapi.json");

        foreach (var reference in Nodes(document).Where(node => node["$ref"] is JsonValue).Select(node => node["$ref"]!.ToString()))
            reference.Split('/')[1..].Aggregate((JsonNode?)document, (node, step) => node?[step]).ShouldNotBeNull(reference);
        foreach (var (type, schema) in document["components"]!["schemas"]!.AsObject())
            foreach (var (field, of) in schema!["properties"]?.AsObject() ?? [])
            {
                field.ShouldMatch("^[a-z_]+$", type);
                if (field is not ("payload" or "data"))
                    (of!["type"] ?? of["$ref"] ?? of["oneOf"]).ShouldNotBeNull($"{type}.{field}: {of}");
                if (Money().IsMatch(field) && of!["$ref"] is null)
                    (Type(of!).Replace("null ", ""), (string?)of!["format"]).ShouldBe(("number", "decimal"), $"{type}.{field}");
                if (field is "order_id" or "user_id" or "product_id" or "payment_id")
                    ((string?)of!["pattern"], (int?)of["maxLength"]).ShouldBe(("^[A-Za-z0-9._@-]+$", 64), $"{type}.{field}");
                if (field.EndsWith("_at", StringComparison.Ordinal) || field.StartsWith("window_", StringComparison.Ordinal))
                    ((string?)of!["format"]).ShouldBe("date-time", $"{type}.{field}");
            }
    }

    [Theory]
    [InlineData("Cart", "AddItemRequest", "quantity", "integer 1..999")]
    [InlineData("Cart", "AddItemRequest", "price", "null number")]
    [InlineData("Cart", "ChangeQuantityRequest", "quantity", "integer 0..999")]
    [InlineData("Cart", "CheckOutRequest", "payment_token", "null string tok_success tok_insufficient_funds tok_card_declined tok_expired_card tok_timeout tok_lost_answer tok_slow null")]
    [InlineData("Inventory", "RestockRequest", "quantity", "integer 1..100000")]
    [InlineData("Order", "OrderResponse", "status", "string PENDING PAID FULFILLED CANCELLED")]
    [InlineData("Order", "StatusChange", "status", "string PENDING PAID FULFILLED CANCELLED")]
    [InlineData("Order", "OrderResponse", "cancellation_source", "null string payment_failed inventory_depleted customer timeout null")]
    [InlineData("Order", "OrderResponse", "refunded_amount", "null number")]
    [InlineData("Order", "OrderResponse", "total_amount", "number")]
    [InlineData("Payment", "PaymentResponse", "status", "string PENDING PROCESSED FAILED REFUNDED CANCELLED")]
    [InlineData("Notification", "NotificationResponse", "status", "string PENDING SENT FAILED")]
    [InlineData("Analytics", "FraudResponse", "severity", "string CRITICAL HIGH MEDIUM")]
    [InlineData("Analytics", "OperationsResponse", "status", "string HEALTHY WARNING CRITICAL")]
    public async Task A_field_says_its_bounds_its_words_and_whether_it_may_be_null(string name, string type, string field, string expected)
    {
        var service = await services.Get(name);

        var schema = (await service.Get("/openapi.json"))["components"]!["schemas"]![type]!["properties"]![field]!;

        var bounds = schema["minimum"] is { } least ? $" {least}..{schema["maximum"]}" : "";
        var words = string.Concat((schema["enum"]?.AsArray() ?? []).Select(word => $" {word?.ToString() ?? "null"}"));
        $"{Type(schema)}{bounds}{words}".ShouldBe(expected);
    }

    [Fact]
    public async Task The_stream_of_an_order_is_one_of_events()
    {
        var service = await services.Get("Order");

        var answers = (await service.Get("/openapi.json"))["paths"]!["/orders/{order_id}/events"]!["get"]!["responses"]!;

        answers["200"]!["content"]!.AsObject().ShouldHaveSingleItem().Key.ShouldBe("text/event-stream");
    }

    [Theory, MemberData(nameof(Services))]
    public async Task The_page_has_no_vendors_buttons_and_talks_to_nobody_else(string name)
    {
        var service = await services.Get(name);

        var page = await service.Http.GetStringAsync("/docs/");

        foreach (var setting in (string[])["\"telemetry\":false", "\"hideClientButton\":true", "\"withDefaultFonts\":false", "\"showDeveloperTools\":\"never\"", "\"agent\":{\"disabled\":true", "\"mcp\":{\"disabled\":true"])
            page.Replace(" ", "").ShouldContain(setting);
        Regex.Matches(page, "(?:src|href)=\"(https?:)?//").ShouldBeEmpty();
    }

    static void ParameterShouldBeTrue(JsonNode parameter, string where)
    {
        var (name, schema) = (parameter["name"]!.ToString(), parameter["schema"]!);
        name.ShouldMatch("^[a-z_]+$|^Idempotency-Key$|^Last-Event-ID$", where);
        schema["type"].ShouldNotBeNull($"{where} {name}");
        if (name is "limit")
            $"{schema["minimum"]}..{schema["maximum"]}".ShouldBe(where.Contains("/analytics/") ? "1..1000" : "1..100", where);
        if (name is "offset")
            $"{schema["minimum"]}..{schema["maximum"]}".ShouldBe("0..", where);
        if (name is "from" or "to")
            ((string?)schema["format"]).ShouldBe("date-time", where);
        if (name.EndsWith("_id", StringComparison.Ordinal))
            ((string?)schema["pattern"], (int?)schema["maxLength"]).ShouldBe(("^[A-Za-z0-9._@-]+$", 64), where);
    }

    static IEnumerable<(string Where, JsonNode Operation)> Operations(JsonNode document) =>
        document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => ($"{operation.Key} {path.Key}", operation.Value!)));

    static IEnumerable<JsonObject> Nodes(JsonNode? node) => node switch
    {
        JsonObject o => [o, .. o.SelectMany(member => Nodes(member.Value))],
        JsonArray a => a.SelectMany(Nodes),
        _ => [],
    };

    static string Type(JsonNode schema) => schema["type"] is JsonArray all ? string.Join(' ', all.Select(type => type!.ToString()).Order(StringComparer.Ordinal)) : schema["type"]!.ToString();

    [GeneratedRegex("^price$|amount$|^item_total$|revenue$|^avg_order_value$")]
    private static partial Regex Money();
}
