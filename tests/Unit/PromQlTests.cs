using Ecom.Tests.Support;

namespace Ecom.Tests.Unit;

public sealed class PromQlTests
{
    [Theory]
    [InlineData("up == 0", "up{}")]
    [InlineData("sum by (outcome) (rate(ecom_orders_ended_total[1m])) * 60", "ecom_orders_ended_total{}")]
    [InlineData("sum(a{x=\"1\", y=~\"{2}|by (z)\"}) / sum by (app, queue) (rate(b[5m])) > 0.05", "a{x,y} b{}")]
    [InlineData("histogram_quantile(0.95, sum by (le, app) (rate(c_bucket{route!=\"/cart/{user_id}\"}[5m])))", "c_bucket{route}")]
    [InlineData("sum by (topic) (d) == 0\n  and on () sum(e) > 3 or max(f)", "d{} e{} f{}")]
    public void The_series_of_an_expression_are_found(string expression, string series) =>
        string.Join(' ', PromQl.Read(expression).Select(s => $"{s.Metric}{{{string.Join(',', s.Labels)}}}")).ShouldBe(series);

    [Theory]
    [InlineData("a @ 5")]
    [InlineData("a offset 5m")]
    [InlineData("{__name__=~\"a.*\"}")]
    [InlineData("label_replace(a, \"b\", \"$1\", \"c\", \"d\")")]
    [InlineData("a % b")]
    [InlineData("a without (b)")]
    public void What_is_not_understood_is_refused(string expression) => Should.Throw<FormatException>(() => PromQl.Read(expression));
}
