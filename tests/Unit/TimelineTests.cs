using Ecom.Analytics.Pages;
using FsCheck.Xunit;

namespace Ecom.Tests.Unit;

public sealed class TimelineTests
{
    static readonly DateTimeOffset Start = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    static readonly string[] Lanes = ["cart", "order", "payment", "inventory", "notification"];

    [Fact]
    public void An_event_stands_in_its_lane_after_what_came_before_it()
    {
        var timeline = new Timeline([At("b", "payment", 20, "a"), At("a", "order", 0), At("c", "order", 5020, "b")], Lanes, 0);

        timeline.Lanes.Select(lane => lane.Name).ShouldBe(["order", "payment"]);
        timeline.Spots.Select(spot => spot.Moment.Id).ShouldBe(["a", "b", "c"]);
        timeline.Spots.Select(spot => spot.Y).ShouldBe([timeline.Lanes[0].Y, timeline.Lanes[1].Y, timeline.Lanes[0].Y]);
        timeline.Spots.Select(spot => spot.SinceCause?.TotalMilliseconds).ShouldBe([null, 20, 5000]);
    }

    [Fact]
    public void A_cause_is_tied_to_its_effect_and_one_that_is_not_known_to_nothing()
    {
        var timeline = new Timeline([At("a", "order", 0, "lost"), At("b", "payment", 0, "a"), At("c", "payment", 1, "c")], Lanes, 0);

        timeline.Links.Select(link => (link.From.Moment.Id, link.To.Moment.Id)).ShouldBe([("a", "b")]);
    }

    [Fact]
    public void A_long_wait_is_wider_than_a_short_one_and_by_far_not_as_much_wider_as_longer()
    {
        var spots = new Timeline([At("a", "order", 0), At("b", "payment", 10), At("c", "inventory", 300_010)], Lanes, 0).Spots;

        var (brief, lasting) = (spots[1].X - spots[0].X, spots[2].X - spots[1].X);
        lasting.ShouldBeGreaterThan(brief);
        lasting.ShouldBeLessThan(brief * 4);
    }

    [Property]
    public void No_label_covers_another_of_its_lane(int[] milliseconds)
    {
        var moments = milliseconds.Select((ms, i) => At($"{i}", Lanes[Math.Abs(ms % 5)], Math.Abs(ms % 1000), i == 0 ? null : $"{i - 1}"));

        var timeline = new Timeline(moments, Lanes, 1000);

        foreach (var lane in timeline.Spots.GroupBy(spot => spot.Y))
            foreach (var (left, right) in lane.Zip(lane.Skip(1)))
                (right.X - left.X).ShouldBeGreaterThan((left.Moment.Title.Length + right.Moment.Title.Length) / 2.0 * 6);
        timeline.Spots.Zip(timeline.Spots.Skip(1)).ShouldAllBe(pair => pair.First.X < pair.Second.X);
        timeline.Spots.ShouldAllBe(spot => spot.X < timeline.Width && spot.Y < timeline.Height);
    }

    [Fact]
    public void Nothing_is_drawn_of_nothing() => new Timeline([], Lanes, 500).Spots.ShouldBeEmpty();

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(12, "12 ms")]
    [InlineData(1234, "1.23 s")]
    [InlineData(12_340, "12.3 s")]
    [InlineData(302_000, "5 min 2 s")]
    [InlineData(7_260_000, "2 h 1 min")]
    [InlineData(-3, "−3 ms")]
    public void A_time_between_is_said_shortly(int milliseconds, string said) => Timeline.Say(TimeSpan.FromMilliseconds(milliseconds)).ShouldBe(said);

    static Moment At(string id, string lane, int milliseconds, string? cause = null) => new(id, lane, Start.AddMilliseconds(milliseconds), "checkout initiated", Tone.Busy, cause);
}
