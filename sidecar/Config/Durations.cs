using System.Buffers;
using System.Globalization;

namespace Ecom.Sidecar.Config;

/// <summary>Go's durations, as Dapr's files write them: 300ms, 1.5s, 1h30m; a bare number is seconds.</summary>
static class Durations
{
    static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e9)
        {
            duration = TimeSpan.FromSeconds(seconds);
            return true;
        }
        var rest = text.AsSpan().Trim();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var n) || n > 1e9) return false;
            rest = rest[digits..];
            var end = rest.IndexOfAny(Digits);
            var unit = end < 0 ? rest : rest[..end];
            TimeSpan? one = unit switch
            {
                "ms" => TimeSpan.FromMilliseconds(1),
                "s" => TimeSpan.FromSeconds(1),
                "m" => TimeSpan.FromMinutes(1),
                "h" => TimeSpan.FromHours(1),
                _ => null,
            };
            if (one is not { } span) return false;
            duration += span * n;
            rest = rest[unit.Length..];
        }
        return text.Length > 0;
    }
}
