using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Ecom.Sidecar.Api;

static class HttpParts
{
    public static AppSidecar Sidecar(this HttpContext http) => http.Features.Get<AppSidecar>()!;

    /// <summary>A part of the path. Routing leaves an encoded slash alone; Dapr's names and keys may have one.</summary>
    public static string Value(this HttpContext http, string name) =>
        http.Request.RouteValues[name] is string text ? text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) : "";

    /// <summary>?metadata.name=value</summary>
    public static Dictionary<string, string> QueryMetadata(this HttpContext http)
    {
        var found = new Dictionary<string, string>();
        if (http.Request.QueryString.HasValue)
            foreach (var (name, value) in http.Request.Query)
                if (name.StartsWith("metadata.", StringComparison.OrdinalIgnoreCase)) found[name["metadata.".Length..]] = value.ToString();
        return found;
    }

    /// <summary>The whole answer to a gRPC call that nothing here takes.</summary>
    public static void RefuseGrpc(this HttpContext http, StatusCode status, string why)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)status).ToString();
        http.Response.Headers["grpc-message"] = why;
    }

    public static async Task<byte[]> ReadBody(this HttpContext http)
    {
        if (http.Request.ContentLength is { } length and <= HttpApi.MaxBody)
        {
            var exact = new byte[length];
            await http.Request.Body.ReadExactlyAsync(exact, http.RequestAborted);
            return exact;
        }
        using var memory = new MemoryStream();
        await http.Request.Body.CopyToAsync(memory, http.RequestAborted);
        return memory.ToArray();
    }
}
