using Ecom.Hosting;

namespace Ecom.Analytics.Pages;

/// <summary>Where a trace can be seen: the setting <c>TRACE_URL</c>, an address with <c>{trace_id}</c> in it.</summary>
public sealed class TraceLink
{
    const string Setting = "TRACE_URL", Place = "{trace_id}";
    readonly string? address;

    public TraceLink(IConfiguration settings)
    {
        if (settings[Setting] is not { Length: > 0 } text)
            return;
        if (!text.Contains(Place, StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new SettingException(Setting, text, $"an address such as http://localhost:9411/zipkin/traces/{Place}");
        address = text;
    }

    /// <returns>Null: nobody has said where.</returns>
    public string? Of(string traceId) => address?.Replace(Place, traceId, StringComparison.Ordinal);
}
