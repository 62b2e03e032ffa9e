using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ecom.Contracts;

/// <summary>The one JSON policy: snake_case; a missing or null required field is refused, an unknown one tolerated, so that fields can be added.</summary>
public static class Json
{
    public static JsonSerializerOptions Options { get; } = Apply(new(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new MoneyConverter());
        return options;
    }

    /// <summary>A record as part of other JSON: as it is, or as a string in base64 where it cannot be that.</summary>
    public static JsonElement Record(ReadOnlySpan<byte> record) => Within(record) ?? JsonSerializer.SerializeToElement(Convert.ToBase64String(record));

    /// <summary>Null: it is no JSON, or nested too deep to be a part of any, or escapes half a character, which nobody can write again.</summary>
    static JsonElement? Within(ReadOnlySpan<byte> record)
    {
        try
        {
            var json = new Utf8JsonReader(record, new() { MaxDepth = 60 });
            var element = JsonElement.ParseValue(ref json);
            if (json.Read())
                return null;
            if (record.IndexOf("\\u"u8) >= 0)
            {
                using var writer = new Utf8JsonWriter(Stream.Null);
                element.WriteTo(writer);
            }
            return element;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A member's text; null where there is none that can be read: JSON may escape half a character.</summary>
    public static string? Text(JsonElement json, string name)
    {
        try
        {
            return json.ValueKind is JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Time is UTC, ISO 8601 with Z.</summary>
    sealed class UtcConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDateTimeOffset().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
    }

    /// <summary>Money has two decimal places, wherever it comes from: SQLite gives 12.5 and an empty sum 0. What is finer than a cent stays as it is, to be refused by a check.</summary>
    sealed class MoneyConverter : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
        {
            var cents = decimal.Round(value, 2);
            writer.WriteNumberValue(cents == value ? cents + 0.00m : value);
        }
    }
}
