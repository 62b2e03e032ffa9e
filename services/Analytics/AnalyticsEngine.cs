using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>Who computes the five tables: this service from the shop's events, or the Spark jobs, whose results it keeps.</summary>
public enum AnalyticsEngine { Embedded, Spark }

/// <summary>Who computes, as it tells of itself.</summary>
/// <param name="Compute">Null: Spark does.</param>
public sealed record Engine(ComputeAnalytics? Compute)
{
    public string Name => Compute is null ? "spark" : "embedded";

    public DateTimeOffset? WatermarkOf(string table) => Compute?.WatermarkOf(table);
}

public static class AnalyticsEngines
{
    const string Setting = "ANALYTICS_ENGINE";

    /// <summary>By default Spark where there is PostgreSQL, this service where there is none.</summary>
    public static void AddAnalyticsEngine(this WebApplicationBuilder builder)
    {
        var postgres = builder.Configuration.HasPostgres();
        builder.Services.AddSingleton(services => new Engine(services.GetService<ComputeAnalytics>()));
        builder.Services.AddHostedService<TellTheMinute>();
        if (builder.Configuration.OneOf(Setting, postgres ? AnalyticsEngine.Spark : AnalyticsEngine.Embedded) is AnalyticsEngine.Spark)
            return;
        // Its memory is that of one process: a second one beside the same database would compute from half of the events.
        if (postgres)
            throw new SettingException(Setting, builder.Configuration[Setting], "spark where the database is PostgreSQL");
        builder.Services.AddSingleton<ComputeAnalytics>().AddHostedService(services => services.GetRequiredService<ComputeAnalytics>());
    }
}
