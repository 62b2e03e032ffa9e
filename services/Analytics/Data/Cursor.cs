using System.Buffers.Text;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>The place of a row in the order of its table, as a page's reader carries it: JSON in base64url.</summary>
static class Cursor
{
    public const string Fault = "after must be the next of the page before.";

    public static string Write<T>(T place) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(place, Json.Options));

    /// <returns>Null: nobody of ours wrote it.</returns>
    public static T? Read<T>(string cursor) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Base64Url.DecodeFromChars(cursor), Json.Options);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}
