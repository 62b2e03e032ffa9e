using System.Globalization;

namespace Ecom.Spark.Connect.Wire;

/// <summary>A Spark Connect address: <c>sc://host[:port][/;key=value;…]</c>; keys that are no parameter are sent as headers.</summary>
internal sealed class Remote
{
    const int DefaultPort = 15002;

    Remote(Uri address, string userId, string userAgent, string sessionId, IReadOnlyDictionary<string, string> headers)
    {
        Address = address;
        UserId = userId;
        UserAgent = userAgent;
        SessionId = sessionId;
        Headers = headers;
    }

    public Uri Address { get; }
    public string UserId { get; }
    public string UserAgent { get; }
    public string SessionId { get; }
    public IReadOnlyDictionary<string, string> Headers { get; }

    public static Remote Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != "sc" || uri.Host.Length == 0)
            throw new FormatException($"'{text}' is no Spark Connect address; it looks like sc://localhost:15002");
        var path = uri.AbsolutePath;
        if (path is not ("" or "/") && !path.StartsWith("/;", StringComparison.Ordinal))
            throw new FormatException($"'{text}': parameters follow the host as /;key=value;key=value");

        var parameters = path.TrimStart('/').Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : throw new FormatException($"'{text}': '{pair[0]}' has no value"));
        var secure = Take("use_ssl") is "true";
        if (Take("token") is { } token)
        {
            parameters["authorization"] = "Bearer " + token;
            secure = true;
        }
        var port = uri.Port < 0 ? DefaultPort : uri.Port;
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"{(secure ? "https" : "http")}://{uri.Host}:{port}"));
        return new Remote(
            address,
            Take("user_id") ?? Environment.UserName,
            Take("user_agent") ?? "ecom-spark-connect/" + typeof(Remote).Assembly.GetName().Version?.ToString(3) + " dotnet/" + Environment.Version,
            Take("session_id") ?? Guid.NewGuid().ToString(),
            parameters);

        string? Take(string key) => parameters.Remove(key, out var value) ? value : null;
    }
}
