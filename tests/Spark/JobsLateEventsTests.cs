using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Tests.Spark.Support.History;

namespace Ecom.Tests.Spark;

/// <summary>What comes too late is counted, each event once, whatever a job makes of it.</summary>
[Needs(Runtime.Spark)]
public sealed class JobsLateEventsTests(SparkWorld world)
{
    public static TheoryData<string> Names => [.. Job.All.Select(job => job.Name)];

    [Theory, MemberData(nameof(Names))]
    public void The_figure_of_late_rows_is_the_number_of_the_late_events(string name)
    {
        var job = Job.All.Single(job => job.Name == name);
        using var session = world.NewSession();

        // Time stands at 12:00 from the batch after the one that told it: what is not newer than 11:50 is late.
        var batches = job.Run(session, [Told("12:00:00"), Told("11:59:00"), [.. Told("11:50:00"), .. Told("11:50:00.001"), .. Told("09:00:00"), .. Told("12:01:00")]]);

        var read = Told("12:00:00").Count(record => job.Inputs.ContainsKey(record.Topic));
        batches.Select(batch => batch.RowsDroppedByWatermark).ShouldBe([0, 0, 2 * read]);
    }

    /// <summary>One of each; only one customer, so that all meet in one window.</summary>
    static HistoryRecord[] Told(string timeOfDay) =>
    [
        Added(timeOfDay, "ann", "PROD-001"), Removed(timeOfDay, "ann", "PROD-001"), CheckedOut(timeOfDay, "ann"),
        Ordered(timeOfDay, "ann", "ORD-1", 5m), Paid(timeOfDay, 5m), Declined(timeOfDay, "ann"), Reserved(timeOfDay, ("PROD-001", 1), ("PROD-002", 2)),
    ];
}
