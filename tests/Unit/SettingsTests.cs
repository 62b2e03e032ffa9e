using Ecom.Hosting;
using Microsoft.Extensions.Configuration;

namespace Ecom.Tests.Unit;

public sealed class SettingsTests
{
    [Theory]
    [InlineData(null, 1.0, 2.0)]
    [InlineData("", 1.0, 2.0)]
    [InlineData("0", 0.0)]
    [InlineData("0.1, 5,60", 0.1, 5.0, 60.0)]
    public void A_list_of_seconds_is_read(string? value, params double[] seconds) =>
        Read(value).ShouldBe(seconds.Select(TimeSpan.FromSeconds));

    [Theory]
    [InlineData("soon")]
    [InlineData("1,,2")]
    [InlineData("1;2")]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("3601")]
    [InlineData("1,1,1,1,1,1,1,1,1,1,1")]
    public void A_list_that_is_none_is_refused_by_its_name(string value) =>
        Should.Throw<SettingException>(() => Read(value)).Message.ShouldStartWith($"EVENT_RETRY_SECONDS='{value}' cannot be read");

    static IReadOnlyList<TimeSpan> Read(string? value) =>
        new ConfigurationBuilder().AddInMemoryCollection([new("EVENT_RETRY_SECONDS", value)]).Build().ListOfSeconds("EVENT_RETRY_SECONDS", "1,2");
}
