using System.Text;
using Ecom.Contracts;

namespace Ecom.Tests.Contract;

/// <summary>What is refused at the door, and how it is explained.</summary>
public sealed class EnvelopeTests
{
    const string Good = """{"specversion":"1.0","id":"e-1","source":"payment-service","type":"payment.failed","time":"2026-01-02T03:04:05Z","data":{"order_id":"ORD-1","user_id":"user-1","reason":"card_declined"}}""";

    [Fact]
    public void A_good_event_is_read()
    {
        var (e, fault) = Parse(Good);

        fault.ShouldBeNull();
        e!.Data.ShouldBe(new PaymentFailed("ORD-1", "user-1", "card_declined"));
    }

    [Fact]
    public void A_field_that_is_not_known_yet_is_tolerated()
    {
        Parse(Good.Replace("\"reason\"", "\"colour\":\"blue\",\"reason\"")).Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData("", "not a readable")]
    [InlineData("hello", "not a readable")]
    [InlineData("null", "the event is null")]
    [InlineData("[]", "not a readable")]
    [InlineData("{}", "missing required properties")]
    public void What_is_no_envelope_is_refused(string bytes, string reason)
    {
        Parse(bytes).Fault!.ShouldContain(reason);
    }

    [Theory]
    [InlineData("\"payment.failed\"", "\"payment.processed\"", "does not belong on payment.failed")]
    [InlineData("\"1.0\"", "\"0.3\"", "specversion must be 1.0")]
    [InlineData("\"order_id\":\"ORD-1\",", "", "order_id")]
    [InlineData("\"ORD-1\"", "17", "order_id")]
    [InlineData("\"ORD-1\"", "null", "not a readable")]
    [InlineData("\"ORD-1\"", "\"a b\"", "order_id must be 1 to 64 characters")]
    [InlineData("\"card_declined\"", "\"a\\u0000b\"", "reason must be at most 2000 characters without NUL")]
    [InlineData("\"e-1\"", "\"\"", "id must be 1 to 100 characters")]
    [InlineData("\"2026-01-02T03:04:05Z\"", "\"yesterday\"", "not a readable")]
    [InlineData("\"specversion\"", "\"sequence\":\"7\",\"specversion\"", "sequence must be a number of 20 digits")]
    [InlineData("\"specversion\"", "\"sequence\":\"99999999999999999999\",\"specversion\"", "sequence must be a number of 20 digits")]
    [InlineData("\"specversion\"", "\"sequence\":\"-0000000000000000007\",\"specversion\"", "sequence must be a number of 20 digits")]
    public void What_is_wrong_in_it_is_said(string part, string instead, string reason)
    {
        Parse(Good.Replace(part, instead)).Fault!.ShouldContain(reason);
    }

    [Fact]
    public void A_version_is_text_that_sorts_as_numbers_do()
    {
        Parse(Good).Event!.Version.ShouldBe(0);
        Parse(Good.Replace("\"specversion\"", $"\"sequence\":\"{CloudEvent.Sequence(1234)}\",\"specversion\"")).Event!.Version.ShouldBe(1234);
        string.CompareOrdinal(CloudEvent.Sequence(9), CloudEvent.Sequence(10)).ShouldBeNegative();
    }

    [Theory]
    [InlineData("03:03:05", null)]
    [InlineData("03:03:04.9999999", "time lies more than a minute after 2026-01-02T03:03:04.9999999+00:00")]
    public void An_event_from_the_future_is_none_for_who_has_a_clock(string now, string? fault) => CloudEvent.Parse<PaymentFailed>(
        Encoding.UTF8.GetBytes(Good), DateTimeOffset.Parse($"2026-01-02T{now}Z", System.Globalization.CultureInfo.InvariantCulture)).Fault.ShouldBe(fault);

    [Theory]
    [InlineData("-1")]
    [InlineData("1e30")]
    [InlineData("0.001")]
    [InlineData("\"12\"")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    public void An_impossible_amount_is_refused(string amount)
    {
        var json = $$$"""{"specversion":"1.0","id":"e-1","source":"s","type":"payment.processed","time":"2026-01-02T03:04:05Z","data":{"payment_id":"PAY-1","order_id":"ORD-1","user_id":"u","amount":{{{amount}}},"currency":"USD","method":"card"}}""";

        CloudEvent.Parse<PaymentProcessed>(Encoding.UTF8.GetBytes(json)).Fault.ShouldNotBeNull();
    }

    [Fact]
    public void A_total_that_is_not_the_sum_of_its_lines_is_refused()
    {
        new OrderCreated("ORD-1", "user-1", [new("PROD-001", 2, 10, 20)], 25).Fault().ShouldBe("total_amount must be the sum of the item totals");
    }

    static (CloudEvent<PaymentFailed>? Event, string? Fault) Parse(string json) => CloudEvent.Parse<PaymentFailed>(Encoding.UTF8.GetBytes(json));
}
