using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>Everything that runs beside the shop in its real way, and the environment (.env) that says where.</summary>
public sealed class Backends : IAsyncDisposable
{
    public const string Database = "kafka_ecom";
    KafkaCluster? kafka;

    Backends()
    {
    }

    public KafkaCluster Kafka => kafka ?? throw new InvalidOperationException("This world has no Kafka.");

    public PostgresServer Postgres { get; private set; } = null!;

    public RedisServer Redis { get; private set; } = null!;

    public MailCatcher Mail { get; private set; } = null!;

    public DaprControlPlane Dapr { get; private set; } = null!;

    public Dictionary<string, string?> Environment { get; private set; } = [];

    /// <param name="brokers">0: no Kafka at all.</param>
    public static async Task<Backends> Start(int brokers)
    {
        var backends = new Backends();
        try
        {
            await Task.WhenAll(
                Task.Run(async () => backends.kafka = brokers > 0 ? await KafkaCluster.Start(brokers) : null),
                Task.Run(async () => backends.Postgres = await PostgresServer.Start()),
                Task.Run(async () => backends.Redis = await RedisServer.Start()),
                Task.Run(async () => backends.Mail = await MailCatcher.Start()),
                Task.Run(async () => backends.Dapr = await DaprControlPlane.Start()));
            backends.Environment = backends.Addresses();
            return backends;
        }
        catch
        {
            await backends.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var backend in new IAsyncDisposable?[] { Dapr, Mail, Redis, Postgres, kafka })
            if (backend is not null)
                await backend.DisposeAsync();
    }

    Dictionary<string, string?> Addresses() => new()
    {
        ["KAFKA_BROKERS"] = kafka?.Brokers,
        ["REDIS_HOST"] = Redis.Host,
        ["POSTGRES_HOST"] = Postgres.Host,
        ["POSTGRES_PORT"] = $"{Postgres.Port}",
        ["POSTGRES_DB"] = Database,
        ["POSTGRES_USER"] = Postgres.User,
        ["POSTGRES_PASSWORD"] = Postgres.Password,
        ["SMTP_HOST"] = Mail.Host,
        ["SMTP_PORT"] = $"{Mail.SmtpPort}",
    };
}
