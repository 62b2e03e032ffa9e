using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tests.Contract;

/// <summary>Money on the wire has two decimal places, by the one JSON policy.</summary>
public sealed class MoneyTests
{
    [Theory]
    [InlineData("0", "0.00")]
    [InlineData("1299", "1299.00")]
    [InlineData("1299.0", "1299.00")]
    [InlineData("967831.2", "967831.20")]
    [InlineData("12.50000", "12.50")]
    [InlineData("9999999999.99", "9999999999.99")]
    [InlineData("1.999", "1.999")]
    public void An_amount_is_written_with_two_decimals_and_never_changed(string amount, string written)
    {
        var value = decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture);

        JsonSerializer.Serialize(value, Json.Options).ShouldBe(written);
        JsonSerializer.Serialize(new { total = (decimal?)value, none = (decimal?)null }, Json.Options).ShouldBe($$"""{"total":{{written}},"none":null}""");
        JsonSerializer.Deserialize<decimal>(written, Json.Options).ShouldBe(value);
    }

    [Theory]
    [InlineData("\"1.99\"")]
    [InlineData("null")]
    [InlineData("1e999")]
    public void What_is_no_amount_is_refused(string json) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize<decimal>(json, Json.Options));
}
