using System.Text.Json;
using DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>Values on the wire: JSON with the web defaults; nothing at all for null.</summary>
static class Payload
{
    static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { IncludeFields = true };

    public static string? Write(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), Options);

    public static T? Read<T>(string? json) => string.IsNullOrEmpty(json) ? default : JsonSerializer.Deserialize<T>(json, Options);

    public static object? Read(string? json, Type type)
    {
        if (!string.IsNullOrEmpty(json))
            return JsonSerializer.Deserialize(json, type, Options);
        return type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    public static TaskFailureDetails ToWire(this Exception error, bool nonRetriable = false) => new()
    {
        ErrorType = error.GetType().FullName ?? error.GetType().Name,
        ErrorMessage = error.Message,
        StackTrace = error.StackTrace,
        IsNonRetriable = nonRetriable,
    };

    public static WorkflowTaskFailureDetails ToPublic(this TaskFailureDetails details) =>
        new(details.ErrorType, details.ErrorMessage, details.StackTrace);
}
