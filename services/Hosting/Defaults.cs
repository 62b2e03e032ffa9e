using System.Globalization;
using System.Reflection;
using Ecom.Contracts;
using Grpc.Net.Client;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace Ecom.Hosting;

/// <summary>Who this process is.</summary>
public sealed record ServiceIdentity(string AppId)
{
    public static string Version { get; } = typeof(ServiceIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}

/// <summary>What every service has: logs, metrics, traces, problem details, JSON policy, the sidecar, health, API pages.</summary>
public static class Defaults
{
    /// <summary>The largest body a customer may send; the sidecar's deliveries may have <see cref="MaxEventBytes"/>.</summary>
    public const int MaxBodyBytes = 64 * 1024;
    public const int MaxEventBytes = 4 * 1024 * 1024;

    enum LogFormat { Text, Json }

    static readonly string[] GetOrHead = [HttpMethods.Get, HttpMethods.Head];

    public static WebApplicationBuilder AddEcomDefaults(this WebApplicationBuilder builder, string appId)
    {
        var services = builder.Services;
        if (Embedded.Current is { } embedded)
            builder.Embed(embedded);
        else
            EndInOneLine(appId);
        services.AddSingleton(new ServiceIdentity(appId)).AddSingleton(TimeProvider.System).AddSingleton<Metrics>().AddSingleton<Bells>().AddSingleton<SingleWriter>();
        builder.AddLogs(appId);
        builder.AddTelemetry(appId);
        services.AddEcomProblems();
        services.AddHealthChecks();
        services.ConfigureHttpJsonOptions(options => Json.Apply(options.SerializerOptions));
        services.AddEcomOpenApi(appId);
        services.AddDaprClient(dapr => dapr.UseJsonSerializationOptions(Json.Options).UseGrpcChannelOptions(ToSidecar(new() { ThrowOperationCanceledOnCancellation = true })));
        services.AddSingleton(Sidecar);
        // Wrong ports end the start, not the first call.
        foreach (var port in (string[])["DAPR_HTTP_PORT", "DAPR_GRPC_PORT"])
            builder.Configuration.Int(port, 1, 1, 65535);
        // `dapr run` tells the port only by this variable.
        if (builder.Configuration["URLS"] is null && builder.Configuration["APP_PORT"] is { Length: > 0 })
            builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration.Int("APP_PORT", 0, 1, 65535)}");
        services.AddDoors(builder.Configuration).AddCallers(builder.Configuration).AddLimits(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxEventBytes);
        if (builder.Configuration[StopWithParent.Setting] == "true")
            services.AddHostedService<StopWithParent>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        return builder;
    }

    /// <summary>Into the process of a host: its settings are all there are, its token ends the service, and each request is known to be this service's.</summary>
    static void Embed(this WebApplicationBuilder builder, Embedded embedded)
    {
        builder.Environment.EnvironmentName = Environments.Production;
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(embedded.Settings);
        builder.Services.AddSingleton(embedded).AddSingleton<IHostLifetime, Embedded.Lifetime>();
        embedded.Listen(builder.Services);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection =>
        {
            embedded.Enter();
            return next(connection);
        })));
    }

    /// <summary>What an operator can mend is told to them without a stack trace.</summary>
    static void EndInOneLine(string appId) => AppDomain.CurrentDomain.UnhandledException += (_, e) =>
    {
        if (e.ExceptionObject is not (Exception wrong and (SettingException or SchemaException)))
            return;
        Console.Error.WriteLine($"{appId}: {wrong.Message}");
        Environment.Exit(2);
    };

    /// <summary>The service's own database: PostgreSQL where one is configured, else a SQLite file under <c>ECOM_DATA</c>.</summary>
    public static WebApplicationBuilder AddEcomDb<TDb>(this WebApplicationBuilder builder, string appId) where TDb : ServiceDb
    {
        var postgres = PostgresConnection(builder.Configuration, appId);
        var services = builder.Services;
        services.AddDbContextPool<TDb>(db =>
        {
            if (postgres is not null)
                db.UseNpgsql(postgres.ConnectionString, npgsql => npgsql.MigrationsHistoryTable("__migrations", ServiceDb.SchemaOf(appId)));
            else
                // A list of ids is one parameter: else each length of it would be another query, written anew each time.
                db.UseSqlite($"Data Source={SqliteFile(builder.Configuration, appId)};Default Timeout=30", sqlite => sqlite.UseParameterizedCollectionMode(ParameterTranslationMode.Parameter))
                    .AddInterceptors(new CommitWithoutSync());
            db.UseSnakeCaseNamingConvention();
        });
        services.AddSingleton(PostgresLine.Options.Of(postgres, ServiceDb.SchemaOf(appId)));
        services.AddSingleton<PostgresLine>().AddHostedService(provider => provider.GetRequiredService<PostgresLine>());
        services.AddSingleton(new DeliveryOptions(builder.Configuration.ListOfSeconds("EVENT_RETRY_SECONDS", "1,2")));
        services.AddSingleton<Inbox<TDb>>().AddHostedService(provider => provider.GetRequiredService<Inbox<TDb>>());
        services.AddSingleton<QueueServices<TDb>>().AddHostedService<QueueMetrics<TDb>>();
        builder.AddQueue<EventRelay<TDb>, TDb>();
        services.AddHostedService<Purge<TDb>>();
        services.AddHealthChecks().AddCheck<DatabaseCheck<TDb>>("database").AddCheck<QueuesCheck<TDb>>("queues");
        return builder;
    }

    /// <summary>A table that is a queue, and what sends its rows.</summary>
    public static WebApplicationBuilder AddQueue<TQueue, TDb>(this WebApplicationBuilder builder) where TQueue : RowQueue<TDb> where TDb : ServiceDb
    {
        builder.Services.AddSingleton<TQueue>().AddSingleton<RowQueue<TDb>>(provider => provider.GetRequiredService<TQueue>())
            .AddHostedService(provider => provider.GetRequiredService<TQueue>());
        return builder;
    }

    public static WebApplication MapEcomDefaults(this WebApplication app)
    {
        var identity = app.Services.GetRequiredService<ServiceIdentity>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseSmallBodies();
        app.UseDoors();
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.MapSubscribeHandler().ForEveryone();
        var tools = app.MapGroup("").ExcludeFromDescription().ForEveryone();
        tools.MapMethods("/health", GetOrHead, () => new { status = "healthy", service = identity.AppId, version = ServiceIdentity.Version });
        tools.MapMethods("/health/ready", GetOrHead, Readiness.Answer);
        tools.MapPrometheusScrapingEndpoint("/metrics");
        app.MapApiPages(identity.AppId);
        return app;
    }

    /// <summary>The group for a service's public routes: checked ids, and the refusals that each of them knows.</summary>
    public static RouteGroupBuilder MapApi(this IEndpointRouteBuilder routes, string prefix) =>
        routes.MapGroup(prefix).CheckIds().Refuses(StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable);

    /// <summary>Runs the service. <c>migrate</c> as the only argument brings its PostgreSQL schema up to date and ends; SQLite files are brought up to date at each start.</summary>
    public static async Task<int> RunEcom<TDb>(this WebApplication app, string[] args, Func<TDb, Task>? seed = null) where TDb : ServiceDb
    {
        var migrate = args is ["migrate"];
        await using (var scope = app.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<TDb>();
            if (db.Database.IsSqlite())
            {
                if (SqliteTables.BringUpToDate(db) is [_, ..] lacking)
                    app.Logger.LogInformation("The data of an earlier release is carried over; it lacked {Migrations}", string.Join(", ", lacking));
            }
            else if (migrate)
            {
                await SchemaException.RefuseNewer(db);
                db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
                await db.Database.MigrateAsync();
            }
            if (seed is not null && (migrate || db.Database.IsSqlite()))
                await seed(db);
        }
        return migrate ? 0 : await RunToTheEnd(app);
    }

    /// <summary>Runs a service that has no database; there is nothing to migrate.</summary>
    public static async Task<int> RunEcom(this WebApplication app, string[] args)
    {
        return args is ["migrate"] ? 0 : await RunToTheEnd(app);
    }

    /// <summary>A background job that dies ends the service in order, and that is no success: who supervises it starts it again.</summary>
    static async Task<int> RunToTheEnd(WebApplication app)
    {
        var jobs = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        await app.RunAsync();
        return jobs.Exists(job => job.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
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
    static NpgsqlConnectionStringBuilder? PostgresConnection(IConfiguration settings, string appId)
    {
        if (!settings.HasPostgres())
            return null;
        // Each replica has a name of its own: who hears of a commit knows whose it is.
        var replica = $"{appId}/{Guid.NewGuid():N}"[..(appId.Length + 9)];
        if (settings.GetConnectionString("Db") is { Length: > 0 } given)
        {
            var connection = Parsed(given);
            connection.ApplicationName = replica;
            return connection;
        }
        var schema = ServiceDb.SchemaOf(appId);
        return new()
        {
            Host = settings["POSTGRES_HOST"],
            Port = settings.Int("POSTGRES_PORT", 5432, 1, 65535),
            Database = settings.Text("POSTGRES_DB", "kafka_ecom"),
            Username = settings.Text("POSTGRES_USER", "postgres"),
            Password = settings["POSTGRES_PASSWORD"],
            // It is a password that opens: Kerberos' library, which not every machine has, is not looked for.
            GssEncryptionMode = GssEncryptionMode.Disable,
            Options = $"-c role={schema} -c search_path={schema}",
            ApplicationName = replica,
            MaxPoolSize = 30,
            // What a connection costs that is dead without a word. The pool drops all its connections then.
            CommandTimeout = 8,
            MaxAutoPrepare = 50,
            // Nothing here changes a session, and seven statements a return to the pool were a fifth of all.
            NoResetOnClose = true,
        };
    }

    /// <summary>There is a password in it: what is wrong is told without the rest.</summary>
    static NpgsqlConnectionStringBuilder Parsed(string connection)
    {
        try
        {
            return new(connection);
        }
        catch (ArgumentException wrong)
        {
            throw new SettingException("ConnectionStrings__Db", "…", $"such as Host=localhost;Database=kafka_ecom;Username=ecom;Password=... ({wrong.Message})");
        }
    }

    static Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient Sidecar(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IConfiguration>();
        var address = settings.Text("DAPR_GRPC_ENDPOINT", $"http://127.0.0.1:{settings.Int("DAPR_GRPC_PORT", 50001, 1, 65535)}");
        var token = settings["DAPR_API_TOKEN"];
        var channel = GrpcChannel.ForAddress(address, ToSidecar(new() { MaxReceiveMessageSize = 2 * MaxEventBytes }));
        var invoker = Grpc.Core.Interceptors.ChannelExtensions.Intercept(channel, metadata =>
        {
            if (token is { Length: > 0 })
                metadata.Add("dapr-api-token", token);
            return metadata;
        });
        return new(invoker);
    }

    /// <summary>The way to the sidecar. Left alone, gRPC waits up to two minutes before it looks again for one that was away.</summary>
    public static GrpcChannelOptions ToSidecar(GrpcChannelOptions channel)
    {
        (channel.InitialReconnectBackoff, channel.MaxReconnectBackoff) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        if (Embedded.Current is { } embedded)
            channel.HttpHandler = new SocketsHttpHandler { ConnectCallback = embedded.Connect, EnableMultipleHttp2Connections = true, PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan };
        return channel;
    }

    static void AddLogs(this WebApplicationBuilder builder, string appId)
    {
        var level = builder.Configuration.OneOf("LOG_LEVEL", LogEventLevel.Information);
        const string template = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Service} {OrderId} {Message:lj} {CorrelationId}{NewLine}{Exception}";
        var embedded = Embedded.Current;
        var json = builder.Configuration.OneOf("LOG_FORMAT", Console.IsOutputRedirected || embedded is not null ? LogFormat.Json : LogFormat.Text) is LogFormat.Json;
        builder.Services.AddSerilog(log =>
        {
            log.MinimumLevel.Is(level)
                // On a fresh database EF looks for its history by a query that may fail, and logs that as an error.
                .Filter.ByExcluding(e => e.Properties.TryGetValue("commandText", out var sql) && e.Level is LogEventLevel.Error && sql.ToString().Contains("__migrations", StringComparison.Ordinal))
                .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                .MinimumLevel.Override("System", LogEventLevel.Warning)
                // Each start of a saga, each fact, each of its ends: our own lines say it, with the order.
                .MinimumLevel.Override("Dapr", LogEventLevel.Warning)
                .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
                .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
                // The framework's own lines have it, and in it stands who the customer is.
                .Enrich.FromLogContext().Enrich.With(new Without("RequestPath")).Enrich.WithProperty("Service", appId);
            if (embedded is not null)
                log.WriteTo.Sink(new Embedded.Lines(embedded, json ? new RenderedCompactJsonFormatter() : new MessageTemplateTextFormatter(template, CultureInfo.InvariantCulture)));
            else if (json)
                log.WriteTo.Console(new RenderedCompactJsonFormatter());
            else
                log.WriteTo.Console(outputTemplate: template, formatProvider: CultureInfo.InvariantCulture);
        }, preserveStaticLogger: true);
    }

    sealed class Without(string property) : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) => logEvent.RemovePropertyIfPresent(property);
    }

    static void AddTelemetry(this WebApplicationBuilder builder, string appId)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(appId, serviceVersion: ServiceIdentity.Version))
            .WithMetrics(metrics => metrics.AddMeter(Metrics.Name, "Microsoft.EntityFrameworkCore").AddAspNetCoreInstrumentation().AddRuntimeInstrumentation().AddNpgsqlInstrumentation().AddPrometheusExporter());
        var embedded = Embedded.Current;
        if (embedded is not null)
            Embedded.KeepMetersApart(builder.Services);
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not { Length: > 0 })
            return;
        // gRPC's own spans stand between ours and HTTP's: without them those would be orphans.
        telemetry.WithTracing(traces => traces.AddSource(Tracing.Name, "Dapr.Workflow", "Grpc.Net.Client").AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddNpgsql());
        if (embedded is null)
            telemetry.UseOtlpExporter();
        else
            embedded.ExportOwn(telemetry);
    }
}
