using System.Text;
using System.Text.Json;

namespace Ecom.Contracts;

/// <summary>
/// How a dead letter's record goes back to its topic, which has other subscribers: the extension attribute <c>replayfor</c> names the app that failed,
/// and everybody else passes the record over; <c>replayof</c> names the letter, so that what becomes of it is known by that.
/// </summary>
/// <param name="LetterId">Null: the record is no replay.</param>
/// <param name="AppId">Null: nobody knows who failed, and all are asked; who has applied it knows it by its id.</param>
public readonly record struct Replay(string? LetterId, string? AppId)
{
    public const string For = "replayfor", Of = "replayof";

    static readonly byte[] Sign = Encoding.UTF8.GetBytes($"\"{Of}\"");

    /// <summary>Everything else of the envelope stays byte for byte.</summary>
    public string Address(JsonElement envelope)
    {
        List<string> members = AppId is null ? [] : [$"\"{For}\":{JsonSerializer.Serialize(AppId)}"];
        members.Add($"\"{Of}\":{JsonSerializer.Serialize(LetterId)}");
        members.AddRange(envelope.EnumerateObject().Where(member => !member.NameEquals(For) && !member.NameEquals(Of)).Select(member => member.ToString()));
        return $"{{{string.Join(',', members)}}}";
    }

    /// <summary>Whatever the record is: it may be no event at all.</summary>
    public static Replay Read(ReadOnlyMemory<byte> record)
    {
        if (record.Span.IndexOf(Sign) < 0)
            return default;
        try
        {
            using var json = JsonDocument.Parse(record);
            return Read(json.RootElement);
        }
        catch (JsonException)
        {
            // What is no JSON is nobody's replay.
            return default;
        }
    }

    public static Replay Read(JsonElement record) =>
        Json.Text(record, Of) is { } letter ? new(letter, Json.Text(record, For)) : default;

    public bool IsForAnother(string appId) => AppId is not null && AppId != appId;
}
