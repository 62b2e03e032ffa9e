using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Ecom.Tests.Conformance;

/// <summary>What the embedded host does not do, it says by name.</summary>
[Collection("embedded")]
public sealed class UnsupportedTests(EmbeddedSidecars sidecars)
{
    [Theory]
    [InlineData("v1.0/configuration/store?key=a", "configuration")]
    [InlineData("v1.0-alpha1/configuration/store/subscribe", "configuration")]
    [InlineData("v1.0-alpha1/lock/store", "lock")]
    [InlineData("v1.0-alpha1/unlock/store", "unlock")]
    [InlineData("v1.0-alpha1/crypto/store/encrypt", "crypto")]
    [InlineData("v1.0/actors/cart/1/state", "actors")]
    [InlineData("v1.0-alpha1/jobs/nightly", "jobs")]
    [InlineData("v1.0-alpha2/conversation/model/converse", "conversation")]
    [InlineData("v1.0-alpha1/state/store/query", "state query")]
    public async Task An_API_that_is_not_there_is_called_by_its_name(string path, string api)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(new { }) };
        // Else it would be the path of another app.
        request.Headers.Add("dapr-app-id", Sidecars.OtherId);

        var answer = await sidecars.Http.SendAsync(request);

        ((int)answer.StatusCode).ShouldBe(501);
        var error = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        ((string?)error["errorCode"]).ShouldBe("ERR_API_UNIMPLEMENTED");
        ((string?)error["message"]).ShouldBe($"the embedded Dapr has no {api} API");
    }

    [Fact]
    public async Task A_gRPC_method_that_is_not_there_is_called_by_its_name()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecars.GrpcPort}");
        var dapr = new Wire.Dapr.DaprClient(channel);

        var refused = await Should.ThrowAsync<RpcException>(dapr.GetConfigurationAsync(new() { StoreName = "store" }, new Metadata { { "dapr-api-token", Sidecars.Token } }).ResponseAsync);

        refused.StatusCode.ShouldBe(StatusCode.Unimplemented);
        refused.Status.Detail.ShouldBe("the embedded Dapr has no dapr.proto.runtime.v1.Dapr/GetConfiguration");
    }

    [Fact]
    public async Task No_store_says_that_it_is_for_actors() => (await sidecars.Http.GetStringAsync("v1.0/metadata")).ShouldNotContain("ACTOR");
}
