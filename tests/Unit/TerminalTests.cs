using Ecom.Tool;
using Spectre.Console;

namespace Ecom.Tests.Unit;

/// <summary>What comes from outside is shown as it is: a bracket in it is no colour and no mistake.</summary>
public sealed class TerminalTests
{
    [Theory]
    [InlineData("info: Ecom.Order[42] applied")]
    [InlineData("[red]")]
    [InlineData("[/]")]
    [InlineData("a ] b [ c")]
    [InlineData("[[escaped]]")]
    public void Text_from_outside_is_never_read_as_colours(string outside)
    {
        var line = Terminal.Escaped($"[bold]order[/] {outside}: {Terminal.Red(outside)} {(object)new[] { outside }.First(),-40}|");

        Markup.Remove(line).ShouldStartWith($"order {outside}: {outside} {outside}");
        Should.NotThrow(() => new Markup(line));
    }

    [Fact]
    public void Numbers_are_written_alike_everywhere() => Terminal.Escaped($"{1234.5m:0.00} {17:N0}").ShouldBe("1234.50 17");
}
