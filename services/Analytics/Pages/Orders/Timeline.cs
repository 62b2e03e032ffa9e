namespace Ecom.Analytics.Pages;

/// <summary>What an event means for the order: it goes on, something succeeds, fails, or is undone. In small letters a class of <c>page.css</c>.</summary>
public enum Tone { Busy, Good, Bad, Warn }

/// <summary>What the timeline draws of an event.</summary>
/// <param name="CauseId">The event that led to it.</param>
public sealed record Moment(string Id, string Lane, DateTimeOffset Time, string Title, Tone Tone, string? CauseId);

/// <summary>
/// Where each event of an order stands: a lane per part of the shop, time from left to right. Most events lie within milliseconds, and some wait
/// for minutes: each has a place of its own, further from the one before by the logarithm of what lies between, and by what its lane's last label needs.
/// </summary>
public sealed class Timeline
{
    public const double LaneHeight = 72, Top = 34, Left = 124, Dot = 7;
    const double Right = 66, Step = 40, StepPerDecade = 13, LetterWidth = 6.8, LabelGap = 14, TickWidth = 58;

    public sealed record Spot(Moment Moment, double X, double Y, TimeSpan Elapsed, TimeSpan? SinceCause);

    /// <summary>From a cause to its effect.</summary>
    public sealed record Link(Spot From, Spot To);

    public sealed record Lane(string Name, double Y);

    public IReadOnlyList<Lane> Lanes { get; }
    public IReadOnlyList<Spot> Spots { get; }
    public IReadOnlyList<Link> Links { get; }

    /// <summary>Of the spots, those at whose place there is room to say the time.</summary>
    public IReadOnlyList<Spot> Ticks { get; }
    public double Width { get; }
    public double Height => Top + Lanes.Count * LaneHeight;

    /// <param name="lanes">In the order in which they stand; those without an event are left out.</param>
    /// <param name="width">What there is room for: a short story is drawn apart to fill it.</param>
    public Timeline(IEnumerable<Moment> moments, IEnumerable<string> lanes, double width)
    {
        var all = moments.OrderBy(moment => moment.Time).ToList();
        Lanes = [.. lanes.Union(all.Select(moment => moment.Lane)).Where(lane => all.Any(moment => moment.Lane == lane)).Select((name, i) => new Lane(name, Top + (i + 0.5) * LaneHeight - 8))];
        var places = Places(all);
        var last = places.LastOrDefault();
        var stretch = last > 0 ? Math.Clamp((width - Left - Right) / last, 1, 2.2) : 1;
        Width = Math.Max(width, Left + last * stretch + Right);
        var laneY = Lanes.ToDictionary(lane => lane.Name, lane => lane.Y);
        var times = all.ToLookup(moment => moment.Id, moment => moment.Time);
        Spots = [.. all.Select((moment, i) => new Spot(moment, Left + places[i] * stretch, laneY[moment.Lane], moment.Time - all[0].Time,
            moment.CauseId is { } cause && times[cause].Any() ? moment.Time - times[cause].First() : null))];
        var spots = Spots.ToLookup(spot => spot.Moment.Id);
        Links = [.. Spots.Where(spot => spot.Moment.CauseId is not null).SelectMany(to => spots[to.Moment.CauseId!].Take(1), (to, from) => new Link(from, to)).Where(link => link.From != link.To)];
        Ticks = [.. Thinned(Spots)];
    }

    /// <summary>The way from one to the other, as the path of an SVG: a straight line in a lane, else a curve that leaves and arrives level.</summary>
    public static string Path(Link link)
    {
        var ((x1, y1), (x2, y2)) = ((link.From.X, link.From.Y), (link.To.X, link.To.Y));
        // Clocks of different machines may put an effect before its cause.
        var forward = x2 >= x1 ? 1 : -1;
        (x1, x2) = (x1 + forward * (Dot + 2), x2 - forward * (Dot + 6));
        var bend = Math.Max(Math.Abs(x2 - x1) / 2, 18) * forward;
        return FormattableString.Invariant($"M{x1:0.#} {y1:0.#}C{x1 + bend:0.#} {y1:0.#} {x2 - bend:0.#} {y2:0.#} {x2:0.#} {y2:0.#}");
    }

    /// <summary>A time between, as short as it can be said.</summary>
    public static string Say(TimeSpan time) => time switch
    {
        _ when time < TimeSpan.Zero => "−" + Say(-time),
        { TotalMilliseconds: < 1000 } => FormattableString.Invariant($"{time.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 10 } => FormattableString.Invariant($"{time.TotalSeconds:0.00} s"),
        { TotalSeconds: < 60 } => FormattableString.Invariant($"{time.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } => FormattableString.Invariant($"{time.Minutes} min {time.Seconds} s"),
        _ => FormattableString.Invariant($"{(int)time.TotalHours} h {time.Minutes} min"),
    };

    static double[] Places(List<Moment> all)
    {
        var places = new double[all.Count];
        Dictionary<string, double> free = [];
        for (var i = 0; i < all.Count; i++)
        {
            var half = LabelWidth(all[i]) / 2;
            var after = i == 0 ? 0 : places[i - 1] + Step + StepPerDecade * Math.Log10(1 + (all[i].Time - all[i - 1].Time).TotalMilliseconds);
            places[i] = Math.Max(after, free.GetValueOrDefault(all[i].Lane) + half);
            free[all[i].Lane] = places[i] + half + LabelGap;
        }
        return places;
    }

    static double LabelWidth(Moment moment) => Math.Max(moment.Title.Length, 7) * LetterWidth;

    static IEnumerable<Spot> Thinned(IEnumerable<Spot> spots)
    {
        var free = 0.0;
        foreach (var spot in spots)
            if (spot.X - TickWidth / 2 >= free)
            {
                free = spot.X + TickWidth / 2;
                yield return spot;
            }
    }
}
