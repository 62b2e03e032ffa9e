using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Ecom.Spark.Connect.Streaming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Ecom.Spark.Jobs;

/// <summary>What Spark tells of each job's batches, for Prometheus.</summary>
public sealed class JobMetrics : IDisposable
{
    const string Name = "Ecom.Spark";

    readonly Meter meter = new(Name);
    readonly Counter<long> rows, late, restarts;
    readonly Histogram<double> seconds;
    readonly Dictionary<string, StreamingQueryProgress> latest = [];
    WebApplication? page;

    JobMetrics()
    {
        rows = meter.CreateCounter<long>("ecom_job_rows", description: "Events that a job has read");
        late = meter.CreateCounter<long>("ecom_job_late_rows", description: "Rows that came too late for their window");
        restarts = meter.CreateCounter<long>("ecom_job_restarts", description: "How often a job's stream ended by a failure and was started again");
        seconds = meter.CreateHistogram("ecom_job_batch_seconds", "s", "How long a batch took",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
        meter.CreateObservableGauge("ecom_job_state_rows", () => Latest().Select(job => new Measurement<long>(job.Value.StateRows, Tag(job.Key))), description: "Rows that a job remembers");
        meter.CreateObservableGauge("ecom_job_behind_rows", () => Latest().SelectMany(job => job.Value.RowsBehind.Select(topic => new Measurement<long>(topic.Value, Tag(job.Key), new("topic", topic.Key)))),
            description: "Events of a topic that a job has not read yet");
        meter.CreateObservableGauge("ecom_job_watermark_age_seconds", () => Latest().Where(job => job.Value.Watermark is not null)
            .Select(job => new Measurement<double>((DateTimeOffset.UtcNow - job.Value.Watermark!.Value).TotalSeconds, Tag(job.Key))), description: "How far a job's time is behind the clock");
    }

    /// <param name="address">Such as <c>http://localhost:9464</c>, whose <c>/metrics</c> shows them; null: nobody sees them.</param>
    /// <exception cref="JobException">It is no address, or taken.</exception>
    public static JobMetrics Serve(string? address)
    {
        var metrics = new JobMetrics();
        if (address is not null)
            metrics.Listen(address);
        return metrics;
    }

    /// <summary>A batch that had rows.</summary>
    public void Count(string job, StreamingQueryProgress batch)
    {
        rows.Add(batch.NumInputRows, Tag(job));
        late.Add(batch.RowsDroppedByWatermark, Tag(job));
        seconds.Record(batch.BatchDuration.TotalSeconds, Tag(job));
    }

    /// <summary>A stream that failed and starts again.</summary>
    public void Restarted(string stream) => restarts.Add(1, Tag(stream));

    /// <summary>How a job stands, also after a batch without rows.</summary>
    public void Show(string job, StreamingQueryProgress last)
    {
        lock (latest)
            latest[job] = last;
    }

    public void Dispose()
    {
        page?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        meter.Dispose();
    }

    void Listen(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        builder.Services.AddOpenTelemetry().WithMetrics(all => all.AddMeter(Name).AddPrometheusExporter());
        page = builder.Build();
        page.MapPrometheusScrapingEndpoint("/metrics");
        try
        {
            page.StartAsync().GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or FormatException or InvalidOperationException or SocketException)
        {
            throw new JobException(ExitCodes.WrongCall, $"SPARK_METRICS_ADDRESS '{address}': {e.GetBaseException().Message}", e);
        }
    }

    List<KeyValuePair<string, StreamingQueryProgress>> Latest()
    {
        lock (latest)
            return [.. latest];
    }

    static KeyValuePair<string, object?> Tag(string job) => new("query", job);
}
