using Grpc.Core;

namespace Ecom.Sidecar.Api;

/// <summary>An error of the API with Dapr's codes: the status and `errorCode` of HTTP, the status of gRPC.</summary>
sealed class ApiException(int status, StatusCode grpc, string code, string message) : Exception(message)
{
    public int Status => status;
    public StatusCode Grpc => grpc;
    public string Code => code;

    public static ApiException Malformed(string why) => new(400, StatusCode.InvalidArgument, "ERR_MALFORMED_REQUEST", why);
    public static ApiException NoStore(string name) => new(400, StatusCode.InvalidArgument, "ERR_STATE_STORE_NOT_FOUND", $"state store {name} is not found");
    public static ApiException NoStores(string name) => new(500, StatusCode.FailedPrecondition, "ERR_STATE_STORE_NOT_CONFIGURED", $"state store {name} is not configured");
    public static ApiException BadKey(string key) => new(400, StatusCode.InvalidArgument, "ERR_MALFORMED_REQUEST", $"input key/keyPrefix '{key}' can't contain '||'");
    public static ApiException NoPubSub(string name) => new(404, StatusCode.InvalidArgument, "ERR_PUBSUB_NOT_FOUND", $"pubsub {name} is not found");
    public static ApiException NoPubSubs(string name) => new(400, StatusCode.FailedPrecondition, "ERR_PUBSUB_NOT_CONFIGURED", $"pubsub {name} is not configured");
    public static ApiException NoTopic(string name) => new(404, StatusCode.InvalidArgument, "ERR_TOPIC_NAME_EMPTY", $"topic is empty in pubsub {name}");
    public static ApiException Forbidden(string topic, string app) => new(403, StatusCode.PermissionDenied, "ERR_PUBSUB_FORBIDDEN", $"topic {topic} is not allowed for app id {app}");
    public static ApiException Binding(string name, string why) => new(500, StatusCode.Internal, "ERR_INVOKE_OUTPUT_BINDING", $"error invoking output binding {name}: {why}");
    public static ApiException Invoke(string app, string why) => new(500, StatusCode.Internal, "ERR_DIRECT_INVOKE", $"failed to invoke, id: {app}, err: {why}");
    public static ApiException NoPages() => new(403, StatusCode.PermissionDenied, "ERR_PERMISSION_DENIED", "a sidecar does not answer web pages");
    public static ApiException NoToken() => new(401, StatusCode.Unauthenticated, "ERR_UNAUTHENTICATED", "invalid api token");
}
