using Ecom.Spark.Jobs;
using static Ecom.Tests.Spark.Support.History;

namespace Ecom.Tests.Spark;

/// <summary>How a range is cut.</summary>
public sealed class PastTests
{
    [Fact]
    public void Chunks_cover_the_range_and_join_hours_up_to_a_number_of_events()
    {
        (DateTimeOffset, long)[] hours = [(At("01:00:00"), 9), (At("03:00:00"), 4), (At("04:00:00"), 5), (At("05:00:00"), 20), (At("09:00:00"), 1), (At("10:00:00"), 7), (At("11:00:00"), 7)];

        var chunks = Past.Chunks(hours, At("02:00:00"), At("10:00:00"), TimeSpan.FromMinutes(30), 10);

        // Three hours of silence belong to the chunk before; the hour after the end completes its last rows.
        chunks.ShouldBe([(At("02:00:00"), At("05:00:00"), 9), (At("05:00:00"), At("09:00:00"), 20), (At("09:00:00"), At("10:00:00"), 8)]);
    }

    [Fact]
    public void A_range_without_events_has_no_chunks() =>
        Past.Chunks([(At("10:00:00"), 7)], At("02:00:00"), At("09:00:00"), TimeSpan.FromMinutes(30), 10).ShouldBeEmpty();
}
