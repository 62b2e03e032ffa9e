using Ecom.Spark.Connect;
using Ecom.Tests.Support;

[assembly: AssemblyFixture(typeof(Ecom.Tests.Spark.Support.SparkWorld))]
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Ecom.Tests.Spark.Support;

/// <summary>One Spark server, one broker and one session for all tests of this project; each starts when it is first asked for.</summary>
public sealed class SparkWorld : IAsyncLifetime
{
    readonly int port = Ports.Free();
    HeavyLock? heavy;
    SparkServer? server;
    SparkSession? session;
    KafkaCluster? kafka;

    public string Remote => $"sc://127.0.0.1:{port}";

    public int Port => port;

    public int ServerProcess
    {
        get
        {
            StartServer();
            return server!.ProcessId;
        }
    }

    /// <summary>The session for tests that leave nothing behind in it.</summary>
    public SparkSession Session
    {
        get
        {
            return session ??= NewSession();
        }
    }

    public SparkSession NewSession()
    {
        StartServer();
        return SparkSession.Builder().Remote(Remote)
            .Config("spark.sql.session.timeZone", "UTC")
            .Config("spark.sql.shuffle.partitions", "2")
            .GetOrCreate();
    }

    public async Task<KafkaCluster> Kafka()
    {
        StartServer();
        return kafka ??= await KafkaCluster.Start();
    }

    public async ValueTask InitializeAsync()
    {
        if (Runtimes.Has(Runtime.Spark))
            heavy = await HeavyLock.Take();
    }

    public async ValueTask DisposeAsync()
    {
        session?.Dispose();
        server?.Dispose();
        if (kafka is not null)
            await kafka.DisposeAsync();
        heavy?.Dispose();
    }

    void StartServer() => server ??= SparkServer.Start(port);
}
