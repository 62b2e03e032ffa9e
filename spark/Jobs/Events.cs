using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Kafka's records as events: <c>event_id</c>, <c>event_time</c>, <c>topic</c>, and <c>data</c> with the facts that the job
/// asks for. Every record is either an event or a dead letter, never a row of nulls.
/// </summary>
public static class Events
{
    /// <summary>How late an event may be, by the newest event of the job's topics in the batches before: older ones are dropped.</summary>
    static readonly string Lateness = $"{AnalyticsRules.Lateness.TotalMinutes} minutes";

    // One event from the future makes what comes after it late. The record's timestamp is the broker's, whose clock is one for all.
    static readonly string EarliestRefused = $"timestamp + INTERVAL {AnalyticsRules.Ahead.TotalMinutes} MINUTES";
    const string TimePattern = @"^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2})$";

    /// <summary>
    /// The events among the records, in event time; for a job that <see cref="Job.DropsCopies"/> each once: a second one of the
    /// same id is dropped within the lateness.
    /// </summary>
    public static DataFrame Read(DataFrame records, Job job)
    {
        var events = Valid(records, job).Select("event_id", "event_time", "topic", "data").WithWatermark("event_time", Lateness);
        return job.DropsCopies ? Once(events) : OfOneTime(events);
    }

    /// <summary>The events among the records, each as often as it lies there, with the columns of the record beside its own.</summary>
    public static DataFrame Valid(DataFrame records, Job job) => Parsed(records, job).Filter("fault IS NULL");

    /// <summary>
    /// The records that are no event for a job that reads their topic, as records for <c>dlq.events</c>: a letter for each such job, at the
    /// event's time, or the record's where it has none that can be. What lies on <c>dlq.events</c> itself is a dead letter already,
    /// whatever it is: Dapr's backstop leaves copies there.
    /// </summary>
    public static DataFrame DeadLetters(DataFrame records, params IReadOnlyList<Job> jobs)
    {
        // Spark breaks base64 into lines, which JSON text may not have.
        var letter = Struct(
            Col("topic").As("original_topic"),
            Col("event_id"),
            Col("fault").As("error_reason"),
            Lit("InvalidEvent").As("error_type"),
            Lit(0).As("retry_count"),
            Col("timestamp").As("timestamp"),
            Col("reader").As("subscriber"),
            Expr("coalesce(if(is_valid_utf8(value), try_parse_json(value_text), NULL), parse_json(concat('\"', translate(base64(coalesce(value, X'')), '\\r\\n', ''), '\"')))").As("payload"));
        // The record's place names the letter, so that reading the topic again makes no second one.
        var identity = ConcatWs("|", Col("reader"), Col("topic"), Col("partition").Cast("string"), Col("offset").Cast("string"), Col("timestamp").Cast("string"));
        var time = Expr("least(coalesce(event_time, timestamp), timestamp)");
        return Parsed(records, jobs).Filter($"fault IS NOT NULL AND topic <> '{Topics.DeadLetters}'").Select(
            Coalesce(Col("event_id"), Col("topic")).As("key"),
            CloudEvents.Value(Topics.DeadLetters, Col("reader"), identity, Coalesce(Col("event_id"), Col("topic")), time, letter).As("value"));
    }

    /// <summary>
    /// Each event once. A stream goes by the id, as long as it remembers one; a table knows no such time, and an id that
    /// comes again hours later is another event there, too: it goes by the time as well.
    /// </summary>
    public static DataFrame Once(DataFrame events) =>
        events.IsStreaming() ? events.DropDuplicatesWithinWatermark("event_id") : events.DropDuplicates("event_id", "event_time");

    /// <summary>
    /// Spark moves a condition on the topic below the watermark and then has one for each topic, of which the idlest holds up the
    /// others. It moves none past what it cannot foresee.
    /// </summary>
    static DataFrame OfOneTime(DataFrame events) => events.WithColumn("topic", Expr("if(spark_partition_id() >= 0, topic, NULL)"));

    /// <summary>
    /// The records with what they say as an event, and <c>fault</c>: why one is none; null when it is. Several jobs look at each record of
    /// their topics with the facts of all of them, and each judges by its own.
    /// </summary>
    public static DataFrame Parsed(DataFrame records, params IReadOnlyList<Job> jobs) => records
        .WithColumn("value_text", Col("value").Cast("string"))
        .WithColumn("reader", jobs is [var only] ? Lit(only.Source) : Expr($"explode(CASE {string.Join(' ', Readers(jobs))} END)"))
        .WithColumn("e", FromJson(Col("value_text"), $"specversion STRING, id STRING, type STRING, time STRING, {Replay.For} STRING, data {DataType(jobs)}"))
        // A dead letter that was sent again is for the one subscriber that failed.
        .Filter($"e.{Replay.For} IS NULL OR e.{Replay.For} = reader")
        .SelectExpr(
            "*",
            "nullif(left(translate(e.id, '\\u0000', ''), 100), '') AS event_id",
            $"if(e.time RLIKE '{TimePattern}', try_cast(e.time AS TIMESTAMP), NULL) AS event_time",
            "e.data AS data")
        .WithColumn("fault", Expr($"""
            CASE WHEN e.id IS NULL AND e.type IS NULL AND e.data IS NULL THEN 'not a readable event: no JSON, or no CloudEvent'
                 WHEN e.specversion IS NULL OR e.specversion <> '1.0' THEN 'specversion must be 1.0'
                 WHEN e.type IS NULL OR e.type <> topic THEN concat('an event of another type does not belong on ', topic)
                 WHEN e.id IS NULL OR length(e.id) NOT BETWEEN 1 AND 100 OR e.id <> event_id THEN 'id must be 1 to 100 characters'
                 WHEN event_time IS NULL THEN 'time must be an ISO 8601 time with a zone'
                 WHEN event_time > {EarliestRefused} THEN 'time lies more than a minute after the record was written'
                 WHEN {DataIsMissing(jobs)} THEN 'data is missing'
                 {string.Join("\n", jobs.SelectMany(job => job.Inputs.SelectMany(input => input.Value.Select(fact => FaultOf(job, input.Key, fact)))))}
            END
            """));

    static string FaultOf(Job job, string topic, Fact fact) =>
        $"WHEN reader = '{job.Source}' AND topic = '{topic}' AND NOT coalesce({fact.Condition}, false) THEN 'data.{fact.Name} is missing or not what {topic} says it is'";

    static IEnumerable<string> Readers(IReadOnlyList<Job> jobs) =>
        from topic in jobs.SelectMany(job => job.Inputs.Keys).Distinct()
        select $"WHEN topic = '{topic}' THEN array({string.Join(", ", jobs.Where(job => job.Inputs.ContainsKey(topic)).Select(job => $"'{job.Source}'"))})";

    // A job that asks for no facts still wants to see that there are any, whatever they are.
    static string DataIsMissing(IReadOnlyList<Job> jobs) => Factless(jobs).ToList() is { Count: > 0 } factless && factless.Count < jobs.Count
        ? $"if(reader IN ({string.Join(", ", factless.Select(job => $"'{job.Source}'"))}), from_json(value_text, 'data STRING').data IS NULL, data IS NULL)"
        : "data IS NULL";

    static string DataType(IReadOnlyList<Job> jobs)
    {
        if (Factless(jobs).Count() == jobs.Count)
            return "STRING";
        var facts = jobs.SelectMany(job => job.Inputs.Values).SelectMany(facts => facts).DistinctBy(fact => (fact.Name, fact.Type)).ToList();
        return facts.GroupBy(fact => fact.Name).FirstOrDefault(types => types.Count() > 1) is { } torn
            ? throw new JobException(ExitCodes.WrongCall, $"data.{torn.Key} is read as {string.Join(" and as ", torn.Select(fact => fact.Type))}; jobs that run together read a member in one way")
            : $"STRUCT<{string.Join(", ", facts.Select(fact => $"{fact.Name}: {fact.Type}"))}>";
    }

    static IEnumerable<Job> Factless(IReadOnlyList<Job> jobs) => jobs.Where(job => job.Inputs.Values.All(facts => facts.Length == 0));
}
