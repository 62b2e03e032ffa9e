using Ecom.Contracts;

namespace Ecom.Tests.Unit;

public sealed class IdsTests
{
    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000", "00000000000000000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    [InlineData("01563e3a-b5d3-d676-4c61-efb99302bd5b", "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    public void An_id_is_the_uuid_in_crockfords_base_32(string uuid, string expected)
    {
        Ids.Encode(Guid.Parse(uuid)).ShouldBe(expected);
    }

    [Fact]
    public void Ids_are_valid_and_sort_by_the_time_they_were_made()
    {
        var first = Ids.Encode(Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(1)));
        var second = Ids.Encode(Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(2)));

        string.CompareOrdinal(first, second).ShouldBeLessThan(0);
        Ids.IsValid(Ids.NewOrder()).ShouldBeTrue();
        Ids.NewPayment().ShouldMatch("^PAY-[0-9A-HJKMNP-TV-Z]{26}$");
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    [InlineData("a b")]
    [InlineData("käse")]
    [InlineData("😀")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void Odd_ids_are_refused(string? id)
    {
        Ids.IsValid(id).ShouldBeFalse();
    }

    [Fact]
    public void An_orders_id_tells_when_it_was_made()
    {
        var made = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123);

        Ids.TimeOfOrder("ORD-" + Ids.Encode(Guid.CreateVersion7(made))).ShouldBe(made);
        foreach (var foreign in (string[])["ORD-UNKNOWN", Ids.NewPayment(), "ORD-" + Ids.Encode(Guid.Parse("0192e4a1-0000-4000-8000-000000000000")), Ids.NewOrder() + "0", "ORD-" + new string('U', 26)])
            Ids.TimeOfOrder(foreign).ShouldBeNull(foreign);
    }
}
