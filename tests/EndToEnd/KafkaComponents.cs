using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

public class KafkaComponents
{
    [Fact]
    public async Task Daprd_loads_the_components_of_each_service_and_no_others()
    {
        Runtimes.Require(Runtime.RealWorld);
        using var heavy = await HeavyLock.Take();
        await using var kafka = await KafkaCluster.Start();
        await using var postgres = await PostgresServer.Start();
        await postgres.CreateDatabase("kafka_ecom");
        await using var redis = await RedisServer.Start();
        await using var plane = await DaprControlPlane.Start();
        var environment = Backends.Environment(kafka, postgres, redis, "127.0.0.1", 1025);

        Dictionary<string, string[]> loaded = [];
        foreach (var appId in Backends.AppIds)
        {
            await using var daprd = await Daprd.Start(appId, Repository.File("components/kafka"), Repository.File("components/config.yaml"), plane: plane, environment: environment);
            var metadata = await daprd.Http.GetFromJsonAsync<JsonElement>("v1.0/metadata");
            loaded[appId] = [.. metadata.GetProperty("components").EnumerateArray().Select(c => c.GetProperty("name").GetString()!).Order()];
        }

        loaded["cart-service"].ShouldBe(["cartstore", "pubsub", "secretstore"]);
        loaded["order-service"].ShouldBe(["orderstore", "pubsub", "secretstore"]);
        loaded["payment-service"].ShouldBe(["pubsub", "secretstore"]);
        loaded["inventory-service"].ShouldBe(["pubsub", "secretstore"]);
        loaded["notification-service"].ShouldBe(["mail", "pubsub", "secretstore"]);
        loaded["analytics-service"].ShouldBe(["pubsub", "secretstore"]);
    }
}
