using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Ecom.Hosting;

/// <summary>
/// A service inside another program's process, beside its siblings: what it is given instead of an environment, a console and signals.
/// <see cref="Defaults"/> ask for it; a service's own code knows nothing of it.
/// </summary>
/// <param name="Environment">What it would find in the environment of a process of its own.</param>
/// <param name="Output">Takes what it would print, line by line.</param>
/// <param name="Listen">Adds to its services the way on which its sidecar reaches it, beside the sockets of everybody else.</param>
/// <param name="Connect">How it reaches its sidecar.</param>
/// <param name="Stop">When it is to end.</param>
public sealed record Embedded(
    IReadOnlyDictionary<string, string> Environment, Action<string> Output,
    Action<IServiceCollection> Listen, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Connect, CancellationToken Stop)
{
    static readonly AsyncLocal<Embedded?> current = new();

    /// <summary>No settings file of the folder in which the host was started is read, nor watched with all that lies beside it.</summary>
    static readonly string[] Arguments = [$"--contentRoot={AppContext.BaseDirectory}", "--hostBuilder:reloadConfigOnChange=false"];

    /// <summary>Of the service to which the running code belongs; null in a process of its own.</summary>
    public static Embedded? Current => current.Value;

    /// <summary>Runs the program of a service as <c>dotnet</c> would.</summary>
    /// <param name="assembly">The program's name, such as <c>Ecom.Cart</c>.</param>
    /// <returns>Its exit code: 2 for a setting that cannot be read.</returns>
    public Task<int> Run(string assembly) => Task.Factory.StartNew(
        () =>
        {
            Enter();
            try
            {
                // The entry point waits for the service's end, on a thread of its own.
                return Assembly.Load(assembly).EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Arguments], null) as int? ?? 0;
            }
            catch (Exception wrong) when (wrong is SettingException or SchemaException)
            {
                Output($"{Environment.GetValueOrDefault("APP_ID", assembly)}: {wrong.Message}");
                return 2;
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The running code, and what it calls, belongs to this service from here on.</summary>
    internal void Enter() => current.Value = this;

    internal IEnumerable<KeyValuePair<string, string?>> Settings =>
        Environment.Select(e => KeyValuePair.Create(e.Key.Replace("__", ":", StringComparison.Ordinal), (string?)e.Value))
            // Such as http_proxy and HTTP_PROXY: to a configuration they are one.
            .DistinctBy(e => e.Key, StringComparer.OrdinalIgnoreCase)
            // The host's own are no business of the service, and the SDK looks there for what a configuration lacks.
            .Concat(((string[])["DAPR_GRPC_ENDPOINT", "DAPR_HTTP_ENDPOINT", "DAPR_API_TOKEN"]).Where(name => !Environment.ContainsKey(name)).Select(name => KeyValuePair.Create(name, (string?)"")));

    /// <summary>The host says when; Ctrl-C is the host's.</summary>
    internal sealed class Lifetime(Embedded embedded, IHostApplicationLifetime application) : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken)
        {
            embedded.Stop.Register(application.StopApplication);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    internal sealed class Lines(Embedded embedded, ITextFormatter formatter) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            using var text = new StringWriter();
            formatter.Format(logEvent, text);
            foreach (var line in text.ToString().AsSpan().TrimEnd().EnumerateLines())
                embedded.Output(line.ToString());
        }
    }

    /// <summary>All services of a process see all its meters. Those without a factory are the process's: its runtime shows at each service, the rest at none.</summary>
    internal static void KeepMetersApart(IServiceCollection services) => services.ConfigureOpenTelemetryMeterProvider((provider, metrics) =>
    {
        var own = provider.GetRequiredService<IMeterFactory>();
        metrics.AddView(instrument => instrument.Meter.Scope == own || instrument.Meter.Name == "System.Runtime" ? null : MetricStreamConfiguration.Drop);
    });

    /// <summary>As <c>UseOtlpExporter</c>, but of the process's spans only this service's.</summary>
    internal void ExportOwn(OpenTelemetryBuilder telemetry) => telemetry
        .WithMetrics(metrics => metrics.AddOtlpExporter())
        .WithTracing(traces => traces.AddProcessor(services => new OwnSpans(new OtlpTraceExporter(services.GetRequiredService<IOptionsMonitor<OtlpExporterOptions>>().CurrentValue), this)));

    /// <summary>All services of a process see all its spans: passed on are those that end in this one.</summary>
    sealed class OwnSpans(BaseExporter<Activity> exporter, Embedded embedded) : BatchActivityExportProcessor(exporter)
    {
        public override void OnEnd(Activity data)
        {
            if (Current == embedded)
                base.OnEnd(data);
        }
    }
}
