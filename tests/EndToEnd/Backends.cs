using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>What .env would say: where the component files find the servers a test has started.</summary>
static class Backends
{
    public static readonly string[] AppIds = ["cart-service", "order-service", "payment-service", "inventory-service", "notification-service", "analytics-service"];

    public static Dictionary<string, string?> Environment(KafkaCluster kafka, PostgresServer postgres, RedisServer redis, string smtpHost, int smtpPort) => new()
    {
        ["KAFKA_BROKERS"] = kafka.Brokers,
        ["REDIS_HOST"] = redis.Host,
        ["POSTGRES_HOST"] = postgres.Host,
        ["POSTGRES_PORT"] = $"{postgres.Port}",
        ["POSTGRES_DB"] = "kafka_ecom",
        ["POSTGRES_USER"] = postgres.User,
        ["POSTGRES_PASSWORD"] = postgres.Password,
        ["SMTP_HOST"] = smtpHost,
        ["SMTP_PORT"] = $"{smtpPort}",
    };
}
