using System.Globalization;

namespace Ecom.Analytics.Pages;

/// <summary>Time as a page shows it: in the shop's time zone, which is for reading only.</summary>
public sealed class PageTime(TimeZoneInfo zone)
{
    public string Zone => zone.Id;

    public string Clock(DateTimeOffset time) => Format(time, "HH:mm:ss");

    public string Full(DateTimeOffset time) => Format(time, "yyyy-MM-dd HH:mm:ss");

    public string Format(DateTimeOffset time, string format) => TimeZoneInfo.ConvertTime(time, zone).ToString(format, CultureInfo.InvariantCulture);
}
