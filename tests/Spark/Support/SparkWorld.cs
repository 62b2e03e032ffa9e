using Ecom.Spark.Connect;
using Ecom.Spark.Jobs;
using Ecom.Tests.Support;

[assembly: AssemblyFixture(typeof(Ecom.Tests.Spark.Support.SparkWorld))]
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Ecom.Tests.Spark.Support;

/// <summary>One Spark server, one broker and one session for all tests of this project; each starts when it is first asked for.</summary>
public sealed class SparkWorld : IAsyncLifetime
{
    readonly int port = Ports.Free();
    HeavyLock? heavy;
    LocalSpark? server;
    SparkSession? session;
    KafkaCluster? kafka;

    public string Remote => $"sc://127.0.0.1:{port}";

    public int Port => port;

    public int ServerProcess
    {
        get
        {
            Require(Runtime.Spark);
            return server!.ProcessId;
        }
    }

    /// <summary>The session for tests that leave nothing behind in it.</summary>
    public SparkSession Session
    {
        get
        {
            Require(Runtime.Spark);
            return session ??= NewSession();
        }
    }

    public SparkSession NewSession()
    {
        Require(Runtime.Spark);
        return SparkSession.Builder().Remote(Remote)
            .Config("spark.sql.session.timeZone", "UTC")
            .Config("spark.sql.shuffle.partitions", "2")
            .GetOrCreate();
    }

    public async Task<KafkaCluster> Kafka()
    {
        Require(Runtime.Spark | Runtime.Kafka);
        return kafka ??= await KafkaCluster.Start();
    }

    public async ValueTask InitializeAsync() => heavy = await HeavyLock.Take();

    public async ValueTask DisposeAsync()
    {
        session?.Dispose();
        server?.Dispose();
        if (kafka is not null)
            await kafka.DisposeAsync();
        heavy?.Dispose();
    }

    void Require(Runtime runtimes)
    {
        Runtimes.Require(runtimes);
        server ??= LocalSpark.Start(Runtimes.SparkHome, port, "local[2]", "spark.ui.enabled=false");
    }
}
