using System.Globalization;

namespace Ecom.Hosting;

/// <summary>A setting that cannot be read: the service says so in one line and ends with exit code 2.</summary>
public sealed class SettingException(string name, string? value, string expected) : Exception($"{name}='{value}' cannot be read: it must be {expected}.");

/// <summary>Reads environment settings; an absent or empty one has its default, a wrong one stops the start.</summary>
public static class Settings
{
    public static int Int(this IConfiguration settings, string name, int fallback, int min, int max) =>
        Read(settings, name, fallback, text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) && n >= min && n <= max ? n : null,
            $"a whole number from {min} to {max}");

    public static double Number(this IConfiguration settings, string name, double fallback, double min, double max) =>
        Read(settings, name, fallback, text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n >= min && n <= max ? n : null,
            FormattableString.Invariant($"a number from {min} to {max}"));

    /// <summary>Seconds, fractions allowed.</summary>
    public static TimeSpan Seconds(this IConfiguration settings, string name, double fallback, double max = 86_400) =>
        TimeSpan.FromSeconds(settings.Number(name, fallback, 0.001, max));

    /// <summary>A comma-separated list of seconds, at most ten.</summary>
    public static IReadOnlyList<TimeSpan> ListOfSeconds(this IConfiguration settings, string name, string fallback)
    {
        var text = settings.Text(name, fallback);
        double?[] seconds = [.. text.Split(',').Select(part => double.TryParse(part, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var n) && n <= 3600 ? n : (double?)null)];
        return seconds.Length <= 10 && !seconds.Contains(null) ? [.. seconds.Select(n => TimeSpan.FromSeconds(n!.Value))] : throw new SettingException(name, text, "at most ten numbers of seconds from 0 to 3600, such as 1,2");
    }

    public static string Text(this IConfiguration settings, string name, string fallback) => settings[name] is { Length: > 0 } text ? text : fallback;

    public static string Address(this IConfiguration settings, string name, string fallback)
    {
        var text = settings.Text(name, fallback);
        // With a display name or a comment it is an address for people; the mail server and the binding take the bare one.
        return System.Net.Mail.MailAddress.TryCreate(text, out var address) && address.Address == text ? text : throw new SettingException(name, text, "a mail address such as shop@example.com");
    }

    public static T OneOf<T>(this IConfiguration settings, string name, T fallback) where T : struct, Enum =>
        Read(settings, name, fallback, text => Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null,
            "one of " + string.Join(", ", Enum.GetNames<T>()));

    public static TimeZoneInfo TimeZone(this IConfiguration settings)
    {
        var name = settings.Text("TZ", "America/Los_Angeles");
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : throw new SettingException("TZ", name, "a time zone such as America/Los_Angeles or UTC");
    }

    static T Read<T>(IConfiguration settings, string name, T fallback, Func<string, T?> parse, string expected) where T : struct =>
        settings[name] is { Length: > 0 } text ? parse(text) ?? throw new SettingException(name, text, expected) : fallback;
}
