using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

[Needs(Runtime.RealWorld)]
public class KafkaComponents
{
    static readonly string[] AppIds = ["cart-service", "order-service", "payment-service", "inventory-service", "notification-service", "analytics-service"];

    [Fact]
    public async Task Daprd_loads_the_components_of_each_service_and_no_others()
    {
        using var heavy = await HeavyLock.Take();
        await using var backends = await Backends.Start(brokers: 1);
        await backends.Postgres.CreateDatabase(Backends.Database);

        Dictionary<string, string[]> loaded = [];
        foreach (var appId in AppIds)
        {
            await using var daprd = await Daprd.Start(appId, Repository.File("components/kafka"), Repository.File("components/config.yaml"), plane: backends.Dapr, environment: backends.Environment);
            var metadata = await daprd.Http.GetFromJsonAsync<JsonElement>("v1.0/metadata");
            // The components have their passwords; the app gets none.
            foreach (var path in (string[])["POSTGRES_PASSWORD", "PATH"])
                (await daprd.Http.GetAsync($"v1.0/secrets/secretstore/{path}")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await daprd.Http.GetFromJsonAsync<JsonElement>("v1.0/secrets/secretstore/bulk")).EnumerateObject().ShouldBeEmpty();
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
