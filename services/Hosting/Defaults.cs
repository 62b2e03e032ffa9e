using System.Reflection;
using Ecom.Contracts;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Scalar.AspNetCore;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Ecom.Hosting;

/// <summary>Who this process is.</summary>
public sealed record ServiceIdentity(string AppId)
{
    public static string Version { get; } = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}

/// <summary>What every service has: logs, metrics, traces, problem details, JSON policy, the sidecar, health, API pages.</summary>
public static class Defaults
{
    /// <summary>The largest body a customer may send; the sidecar's deliveries may have <see cref="MaxEventBytes"/>.</summary>
    public const int MaxBodyBytes = 64 * 1024;
    public const int MaxEventBytes = 4 * 1024 * 1024;

    public static WebApplicationBuilder AddEcomDefaults(this WebApplicationBuilder builder, string appId)
    {
        AppDomain.CurrentDomain.UnhandledException += (_, e) =>
        {
            if (e.ExceptionObject is not SettingException wrong)
                return;
            Console.Error.WriteLine($"{appId}: {wrong.Message}");
            Environment.Exit(2);
        };
        var services = builder.Services;
        services.AddSingleton(new ServiceIdentity(appId)).AddSingleton(TimeProvider.System).AddSingleton<CommitGate>();
        builder.AddLogs(appId);
        builder.AddTelemetry(appId);
        services.AddEcomProblems();
        services.AddHealthChecks();
        services.ConfigureHttpJsonOptions(options => Json.Apply(options.SerializerOptions));
        services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = appId;
            document.Info.Version = ServiceIdentity.Version;
            return Task.CompletedTask;
        }));
        services.AddDaprClient(dapr => dapr.UseJsonSerializationOptions(Json.Options));
        services.AddSingleton(Sidecar);
        // Wrong ports end the start, not the first call.
        foreach (var port in (string[])["DAPR_HTTP_PORT", "DAPR_GRPC_PORT"])
            builder.Configuration.Int(port, 1, 1, 65535);
        // `dapr run` tells the port only by this variable.
        if (builder.Configuration["URLS"] is null && builder.Configuration["APP_PORT"] is { Length: > 0 })
            builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration.Int("APP_PORT", 0, 1, 65535)}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxEventBytes);
        if (builder.Configuration[StopWithParent.Setting] == "true")
            services.AddHostedService<StopWithParent>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>The service's own database: PostgreSQL where one is configured, else a SQLite file under <c>ECOM_DATA</c>.</summary>
    public static WebApplicationBuilder AddEcomDb<TDb>(this WebApplicationBuilder builder, string appId) where TDb : ServiceDb
    {
        var postgres = PostgresConnection(builder.Configuration, appId);
        builder.Services.AddDbContextPool<TDb>(db =>
        {
            if (postgres is not null)
                db.UseNpgsql(postgres, npgsql => npgsql.MigrationsHistoryTable("__migrations", ServiceDb.SchemaOf(appId)));
            else
                db.UseSqlite($"Data Source={SqliteFile(builder.Configuration, appId)};Default Timeout=30").AddInterceptors(new CommitWithoutSync());
            db.UseSnakeCaseNamingConvention();
        });
        builder.Services.AddSingleton<IOutboxSink, PubSubSink>();
        builder.Services.AddHostedService<OutboxRelay<TDb>>();
        builder.Services.AddHostedService<Purge<TDb>>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck<TDb>>("database");
        return builder;
    }

    public static WebApplication MapEcomDefaults(this WebApplication app)
    {
        var identity = app.Services.GetRequiredService<ServiceIdentity>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapSubscribeHandler();
        var tools = app.MapGroup("").ExcludeFromDescription();
        tools.MapGet("/health", () => new { status = "healthy", service = identity.AppId, version = ServiceIdentity.Version });
        tools.MapGet("/health/ready", Readiness.Answer);
        tools.MapPrometheusScrapingEndpoint("/metrics");
        app.MapOpenApi("/openapi.json");
        app.MapScalarApiReference("/docs", options => options.WithOpenApiRoutePattern("/openapi.json").WithTitle(identity.AppId));
        return app;
    }

    /// <summary>The group for a service's public routes: small bodies, checked ids.</summary>
    public static RouteGroupBuilder MapApi(this IEndpointRouteBuilder routes, string prefix) =>
        routes.MapGroup(prefix).WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes)).CheckIds();

    /// <summary>Runs the service. <c>migrate</c> as the only argument brings its PostgreSQL schema up to date and ends; SQLite files are made from the model at start.</summary>
    public static async Task<int> RunEcom<TDb>(this WebApplication app, string[] args, Func<TDb, Task>? seed = null) where TDb : ServiceDb
    {
        var migrate = args is ["migrate"];
        await using (var scope = app.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<TDb>();
            if (db.Database.IsSqlite())
            {
                await db.Database.EnsureCreatedAsync();
                await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL");
            }
            else if (migrate)
                await db.Database.MigrateAsync();
            if (seed is not null && (migrate || db.Database.IsSqlite()))
                await seed(db);
        }
        if (!migrate)
            await app.RunAsync();
        return 0;
    }

    /// <summary>Runs a service that has no database; there is nothing to migrate.</summary>
    public static async Task<int> RunEcom(this WebApplication app, string[] args)
    {
        if (args is not ["migrate"])
            await app.RunAsync();
        return 0;
    }

    /// <summary>Whether the services keep their data in PostgreSQL; else each has a SQLite file.</summary>
    public static bool HasPostgres(this IConfiguration settings) => settings.GetConnectionString("Db") is { Length: > 0 } || settings["POSTGRES_HOST"] is { Length: > 0 };

    static string SqliteFile(IConfiguration settings, string appId)
    {
        var folder = settings.Text("ECOM_DATA", Path.Combine(Environment.CurrentDirectory, ".ecom"));
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, appId + ".db");
    }

    /// <summary>With POSTGRES_*, the service takes on its own role, which sees its own schema only.</summary>
    static string? PostgresConnection(IConfiguration settings, string appId)
    {
        if (!settings.HasPostgres())
            return null;
        if (settings.GetConnectionString("Db") is { Length: > 0 } given)
            return given;
        var schema = ServiceDb.SchemaOf(appId);
        return new NpgsqlConnectionStringBuilder
        {
            Host = settings["POSTGRES_HOST"],
            Port = settings.Int("POSTGRES_PORT", 5432, 1, 65535),
            Database = settings.Text("POSTGRES_DB", "kafka_ecom"),
            Username = settings.Text("POSTGRES_USER", "postgres"),
            Password = settings["POSTGRES_PASSWORD"],
            Options = $"-c role={schema} -c search_path={schema}",
            ApplicationName = appId,
            MaxPoolSize = 30,
            MaxAutoPrepare = 50,
        }.ConnectionString;
    }

    static Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient Sidecar(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IConfiguration>();
        var address = settings.Text("DAPR_GRPC_ENDPOINT", $"http://127.0.0.1:{settings.Int("DAPR_GRPC_PORT", 50001, 1, 65535)}");
        var token = settings["DAPR_API_TOKEN"];
        var channel = GrpcChannel.ForAddress(address, new() { MaxReceiveMessageSize = 2 * MaxEventBytes });
        var invoker = Grpc.Core.Interceptors.ChannelExtensions.Intercept(channel, metadata =>
        {
            if (token is { Length: > 0 })
                metadata.Add("dapr-api-token", token);
            return metadata;
        });
        return new(invoker);
    }

    static void AddLogs(this WebApplicationBuilder builder, string appId)
    {
        var level = builder.Configuration.OneOf("LOG_LEVEL", LogEventLevel.Information);
        var json = builder.Configuration["LOG_FORMAT"] is { Length: > 0 } format ? format == "json" : Console.IsOutputRedirected;
        builder.Services.AddSerilog(log =>
        {
            log.MinimumLevel.Is(level)
                .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                .MinimumLevel.Override("System", LogEventLevel.Warning)
                .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
                .Enrich.FromLogContext().Enrich.WithProperty("Service", appId);
            if (json)
                log.WriteTo.Console(new RenderedCompactJsonFormatter());
            else
                log.WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Service} {OrderId} {Message:lj} {CorrelationId}{NewLine}{Exception}", formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        });
    }

    static void AddTelemetry(this WebApplicationBuilder builder, string appId)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(appId, serviceVersion: ServiceIdentity.Version))
            .WithMetrics(metrics => metrics.AddMeter(Metrics.Name).AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddNpgsqlInstrumentation().AddPrometheusExporter());
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
            telemetry.WithTracing(traces => traces.AddSource("Dapr.Workflow").AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddNpgsql()).UseOtlpExporter();
    }
}
