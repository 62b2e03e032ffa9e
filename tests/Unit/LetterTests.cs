using System.Net;
using System.Text.RegularExpressions;
using Ecom.Notifications;

namespace Ecom.Tests.Unit;

public sealed partial class LetterTests
{
    [Fact]
    public void The_html_without_its_tags_reads_as_the_plain_text()
    {
        var letter = new Letter("Order Confirmed #1").Paragraph("Thank you & <goodbye>.")
            .Table(["Product", "Quantity"], [["PROD-001", "2"], ["PROD-002", "1"]]).Paragraph("Total: $3.00");

        var read = WebUtility.HtmlDecode(Tag().Replace(letter.Html, ""));

        read.ShouldBe(letter.Text);
        read.ShouldBe("Order Confirmed #1\n\nThank you & <goodbye>.\n\nProduct  Quantity\nPROD-001  2\nPROD-002  1\n\nTotal: $3.00\n\n");
    }

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}
