using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Ecom.Hosting;

/// <summary>
/// Says in the wire's words what of a request does not fit its route: the framework's own messages speak of C# names and types.
/// A body that is no JSON is a bad request (400); JSON, or a parameter, that does not fit is refused (422).
/// </summary>
static partial class Misfit
{
    public static (int Status, string? Detail) Explain(HttpContext http, BadHttpRequestException bad)
    {
        var route = http.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata;
        // The server's own complaints, about broken framing for example, are of a type of their own and in plain words.
        if (route is null || bad.GetType() != typeof(BadHttpRequestException))
            return (bad.StatusCode, bad.Message);
        if (bad.StatusCode is not StatusCodes.Status400BadRequest)
            return (bad.StatusCode, null);
        if (Unbound().Match(bad.Message) is { Success: true, Groups: var found })
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(found["name"].Value);
            return (StatusCodes.Status422UnprocessableEntity, $"{name} must be {Kind(found["type"].Value, name, route)}.");
        }

        if (route.GetMetadata<IAcceptsMetadata>()?.RequestType is not { } type || http.Request.Body is not MemoryStream body)
            return (StatusCodes.Status422UnprocessableEntity, "The request does not fit this route.");
        return body.Length == 0
            ? (StatusCodes.Status400BadRequest, "A body is needed: a JSON object.")
            : OfBody(body, http.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions.GetTypeInfo(type), route);
    }

    static (int, string) OfBody(MemoryStream body, JsonTypeInfo type, EndpointMetadataCollection route)
    {
        try
        {
            body.Position = 0;
            using var json = JsonDocument.Parse(body);
            var fault = json.RootElement.ValueKind is not JsonValueKind.Object
                ? "The body must be a JSON object."
                : type.Properties.Select(property => OfProperty(property, json.RootElement, route)).FirstOrDefault(fault => fault is not null);
            return (StatusCodes.Status422UnprocessableEntity, fault ?? "The body does not fit this route.");
        }
        catch (JsonException e)
        {
            return (StatusCodes.Status400BadRequest, $"The body is not JSON: see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)
        {
            // Nobody reads a name as text before this looks for one.
            return (StatusCodes.Status400BadRequest, "The body is not JSON: it holds a name that is no Unicode text.");
        }
    }

    static string? OfProperty(JsonPropertyInfo property, JsonElement body, EndpointMetadataCollection route)
    {
        var given = body.EnumerateObject().LastOrDefault(p => p.Name.Equals(property.Name, StringComparison.OrdinalIgnoreCase)).Value;
        if (given.ValueKind is JsonValueKind.Undefined)
            return property.AssociatedParameter is { HasDefaultValue: false } ? $"{property.Name} is missing." : null;
        var inner = Nullable.GetUnderlyingType(property.PropertyType);
        try
        {
            if (given.ValueKind is not JsonValueKind.Null)
                given.Deserialize(property.PropertyType, property.Options);
            else if (inner is null && (property.PropertyType.IsValueType || property.AssociatedParameter is { IsNullable: false }))
                return $"{property.Name} must not be null: it must be {Kind(property.PropertyType.Name, property.Name, route)}.";
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return $"{property.Name} must be {Kind((inner ?? property.PropertyType).Name, property.Name, route)}.";
        }
    }

    static string Kind(string type, string name, EndpointMetadataCollection route) => type switch
    {
        "int" or "Int32" or "long" or "Int64" => "a whole number" + route.GetOrderedMetadata<Bounds>().LastOrDefault(bounds => bounds.Name == name)?.Words,
        "decimal" or "Decimal" => "a number",
        "string" or "String" => "a text",
        "DateTimeOffset" => "a time such as 2026-01-02T12:00:00Z",
        "bool" or "Boolean" => "true or false",
        _ => "of another kind",
    };

    [GeneratedRegex("""^Failed to bind parameter "(Nullable<)?(?<type>\w+)[?>]* (?<name>\w+)" from """)]
    private static partial Regex Unbound();
}
