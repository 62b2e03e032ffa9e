using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>Tells, among the operational metrics, what a job dropped because it came too late: a row for each batch that had some.</summary>
public sealed class LateEvents(SparkSession session, Kafka kafka, Job job)
{
    /// <summary>Sends the batch's row, if it dropped anything. A batch runs at a time of its own, so that no row covers another.</summary>
    public void Tell(StreamingQueryProgress batch)
    {
        if (batch.RowsDroppedByWatermark > 0)
            kafka.Send(CloudEvents.Records(Row(batch), OperationalMetrics.Job), Topics.OperationalMetrics);
    }

    DataFrame Row(StreamingQueryProgress batch) => session.Range(1).Select(
        Lit(FlowRules.LateMetric).As("metric_name"),
        Lit(job.Name).As("topic"),
        Lit(batch.Timestamp).As("window_start"),
        // Spark tells whole milliseconds, of which a batch may take none.
        Lit(batch.Timestamp + batch.BatchDuration + TimeSpan.FromMilliseconds(1)).As("window_end"),
        Lit(batch.RowsDroppedByWatermark).As("value"),
        Lit(FlowRules.Warning).As("status"),
        Lit(batch.RowsDroppedByWatermark).As(Job.Sequence),
        Lit(batch.Timestamp).As(Job.Newest));
}
