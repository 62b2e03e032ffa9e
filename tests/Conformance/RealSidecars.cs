using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>daprd on Kafka, Redis, PostgreSQL and a mail server, as in the real way: what the embedded host is held to.</summary>
public sealed class RealSidecars : Sidecars
{
    HeavyLock? turn;
    KafkaCluster? kafka;
    RedisServer? redis;
    PostgresServer? postgres;
    DaprControlPlane? plane;
    MailCatcher? mail;
    Daprd? own;
    Daprd? other;

    public override int HttpPort => own!.HttpPort;

    public override int GrpcPort => own!.GrpcPort;

    public const Runtime Needed = Runtime.RealWorld;

    protected override bool CanOpen => Runtimes.Has(Needed);

    public override Task<IReadOnlyList<ReceivedMail>> Mails() => Task.FromResult(mail!.Mails());

    protected override async Task Open()
    {
        turn = await HeavyLock.Take();
        kafka = await KafkaCluster.Start();
        redis = await RedisServer.Start();
        postgres = await PostgresServer.Start();
        plane = await DaprControlPlane.Start();
        var database = $"host={postgres.Host} port={postgres.Port} user={postgres.User} password={postgres.Password} database=postgres sslmode=disable";
        await kafka.CreateTopics(3, Topics);
        Component("pubsub", "pubsub.kafka", null, ("brokers", kafka.Brokers), ("authType", "none"), ("initialOffset", "oldest"), ("consumerGroup", "{appID}-group"), ("protectedTopics", "guarded"));
        Component("store", "state.redis", null, ("redisHost", redis.Host), ("redisPassword", ""));
        Component("hidden", "state.redis", OtherId, ("redisHost", redis.Host), ("redisPassword", ""));
        Component("rows", "state.postgresql", null, ("connectionString", database), ("tablePrefix", "rows_"), ("metadataTableName", "rows_metadata"));
        Component("flows", "state.postgresql", Id, ("connectionString", database), ("actorStateStore", "true"));
        Component("secrets", "secretstores.local.env", null, ("prefix", SecretPrefix));
        mail = await MailCatcher.Start();
        Component("mail", "bindings.smtp", null, ("host", mail.Host), ("port", $"{mail.SmtpPort}"));
        var configuration = Folder.Write("config.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: config
            spec:
              tracing:
                samplingRate: "1"
              nameResolution:
                component: sqlite
                version: v1
                configuration:
                  connectionString: {{Folder.File("names.db")}}
            """);
        var environment = new Dictionary<string, string?> { ["DAPR_API_TOKEN"] = Token, ["APP_API_TOKEN"] = AppToken, [SecretPrefix + "DOOR"] = Secret };
        own = await Daprd.Start(Id, Folder.File("resources"), configuration, App.Port, plane, environment: environment);
        other = await Daprd.Start(OtherId, Folder.File("resources"), configuration, Other.Port, environment: environment);
    }

    protected override async Task Close()
    {
        foreach (var part in new IAsyncDisposable?[] { own, other, mail, kafka, redis, postgres, plane })
            if (part is not null)
                await part.DisposeAsync();
        turn?.Dispose();
    }
}
