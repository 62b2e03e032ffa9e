using System.Text.RegularExpressions;

namespace Ecom.Tests.Support;

/// <summary>Reads which series a PromQL expression asks for: enough of the language for boards and alerts, and what it does not understand it refuses.</summary>
public static partial class PromQl
{
    static readonly string[] Words = ["rate", "increase", "histogram_quantile", "sum", "max", "count", "and", "or"];

    /// <param name="Metric">The series' name.</param>
    /// <param name="Labels">Those that its selector names.</param>
    public sealed record Series(string Metric, IReadOnlyList<string> Labels);

    public static IReadOnlyList<Series> Read(string expression)
    {
        List<Series> series = [];
        var isGrouping = false;
        for (var rest = expression.TrimStart(); rest.Length > 0;)
        {
            var token = Token().Match(rest);
            if (!token.Success)
                throw new FormatException($"'{rest}' of '{expression}' is not understood.");
            rest = rest[token.Length..].TrimStart();
            var name = token.Groups["name"].Value;
            if (name.Length == 0)
                isGrouping &= token.Value != ")";
            else if (name is "by" or "on")
                isGrouping = true;
            else if (Words.Contains(name))
                isGrouping = false;
            else if (rest.StartsWith('('))
                throw new FormatException($"'{name}' of '{expression}' is not known.");
            else if (!isGrouping)
                series.Add(new(name, [.. Label().Matches(token.Groups["labels"].Value).Select(label => label.Groups[1].Value)]));
        }
        return series;
    }

    /// <summary>A name with its selector and range, a number, an operator, or a sign.</summary>
    [GeneratedRegex("""^(?:(?<name>[A-Za-z_]\w*)(?:\s*\{(?<labels>(?:"[^"]*"|[^"{}])*)\})?(?:\[\d+[smh]\])?|[\d.]+(?!\w)|==|!=|[-+*/<>(),])""")]
    private static partial Regex Token();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)\s*""[^""]*""")]
    private static partial Regex Label();
}
