using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Dapr.Client;
using Ecom.Tests.Support;
using Grpc.Core;
using Grpc.Net.Client;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Ecom.Tests.Conformance;

public abstract class ApiSuite
{
    readonly Sidecars sidecars;

    sealed record Cart(string Owner, decimal Total);

    /// <summary>For real one in Redis, as the carts, and one in PostgreSQL, as the sagas.</summary>
    public static TheoryData<string> Stores => ["store", "rows"];

    readonly string key = $"cart:{Guid.NewGuid():N}";

    DaprClient Client => sidecars.Client;

    HttpClient Http => sidecars.Http;

    protected ApiSuite(Sidecars sidecars) => this.sidecars = sidecars;

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_saved_value_is_read_back_and_deleted(string store)
    {
        await Client.SaveStateAsync(store, key, new Cart("ann", 12.34m));
        (await Client.GetStateAsync<Cart>(store, key)).ShouldBe(new Cart("ann", 12.34m));

        await Client.DeleteStateAsync(store, key);

        (await Client.GetStateAsync<Cart?>(store, key)).ShouldBeNull();
        (await Http.GetAsync($"v1.0/state/{store}/{key}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Only_the_newest_ETag_may_write_and_delete(string store)
    {
        await Client.SaveStateAsync(store, key, new Cart("ann", 1));
        var (_, old) = await Client.GetStateAndETagAsync<Cart>(store, key);

        (await Client.TrySaveStateAsync(store, key, new Cart("ann", 2), old)).ShouldBeTrue();
        (await Client.TrySaveStateAsync(store, key, new Cart("ann", 3), old)).ShouldBeFalse();
        (await Client.TryDeleteStateAsync(store, key, old)).ShouldBeFalse();

        var (cart, current) = await Client.GetStateAndETagAsync<Cart>(store, key);
        cart.Total.ShouldBe(2);
        (await Client.TryDeleteStateAsync(store, key, current)).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Over_HTTP_a_stale_ETag_is_a_409_and_ETags_have_no_quotes(string store)
    {
        await Http.PostAsync($"v1.0/state/{store}", Json($$"""[{"key":"{{key}}","value":{"n":1} }]"""));
        var read = await Http.GetAsync($"v1.0/state/{store}/{key}");
        var etag = read.Headers.GetValues("ETag").Single();

        etag.ShouldNotContain("\"");
        (await read.Content.ReadAsStringAsync()).ShouldBe("""{"n":1}""");
        (await Http.PostAsync($"v1.0/state/{store}", Json($$"""[{"key":"{{key}}","value":2,"etag":"{{etag}}"}]"""))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var stale = await Http.PostAsync($"v1.0/state/{store}", Json($$"""[{"key":"{{key}}","value":3,"etag":"{{etag}}"}]"""));
        stale.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await Code(stale)).ShouldBe("ERR_STATE_SAVE");
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_first_write_loses_against_what_is_there(string store)
    {
        var first = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        (await Client.TrySaveStateAsync(store, key, 1, "", first)).ShouldBeTrue();

        var second = await Http.PostAsync($"v1.0/state/{store}", Json($$"""[{"key":"{{key}}","value":2,"options":{"concurrency":"first-write"} }]"""));

        // Not 409: without an ETag Redis and PostgreSQL call it an error like any other.
        second.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        (await Code(second)).ShouldBe("ERR_STATE_SAVE");
        (await Client.GetStateAsync<int>(store, key)).ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_value_with_a_time_to_live_goes_away(string store)
    {
        await Client.SaveStateAsync(store, $"{key}-later", 1, metadata: new Dictionary<string, string> { ["ttlInSeconds"] = "3600" });
        await Client.SaveStateAsync(store, key, 1, metadata: new Dictionary<string, string> { ["ttlInSeconds"] = "3" });

        (await Client.GetStateAsync<int>(store, $"{key}-later")).ShouldBe(1);
        await Eventually.Until(async () => await Client.GetStateAsync<int?>(store, key) is null, TimeSpan.FromSeconds(10), "it expires");
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_transaction_is_all_or_nothing(string store)
    {
        await Client.SaveStateAsync(store, key, 1);

        await Client.ExecuteStateTransactionAsync(store, [
            new(key + "b", Encoding.UTF8.GetBytes("2"), StateOperationType.Upsert), new(key, null!, StateOperationType.Delete)]);
        (await Client.GetStateAsync<int>(store, key + "b")).ShouldBe(2);
        (await Client.GetStateAsync<int?>(store, key)).ShouldBeNull();

        await Should.ThrowAsync<Dapr.DaprException>(Client.ExecuteStateTransactionAsync(store, [
            new(key + "c", Encoding.UTF8.GetBytes("3"), StateOperationType.Upsert), new(key + "b", Encoding.UTF8.GetBytes("4"), StateOperationType.Upsert, $"{Guid.NewGuid()}")]));
        (await Client.GetStateAsync<int?>(store, key + "c")).ShouldBeNull();
        (await Client.GetStateAsync<int>(store, key + "b")).ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Many_keys_are_read_at_once(string store)
    {
        // Not SaveBulkStateAsync: Dapr.Client 1.19 sends no token there.
        await Http.PostAsync($"v1.0/state/{store}", Json($$"""[{"key":"{{key}}1","value":1},{"key":"{{key}}2","value":2}]"""));

        var items = await Client.GetBulkStateAsync<int?>(store, [key + "1", key + "2", key + "3"], null);

        items.OrderBy(i => i.Key).Select(i => i.Value).ShouldBe([1, 2, null]);
        var http = JsonNode.Parse(await (await Http.PostAsync($"v1.0/state/{store}/bulk", Json($$"""{"keys":["{{key}}1"]}"""))).Content.ReadAsStringAsync())!;
        ((int)http[0]!["data"]!).ShouldBe(1);
    }

    [Theory]
    [InlineData("none", 400, "ERR_STATE_STORE_NOT_FOUND")]
    [InlineData("hidden", 400, "ERR_STATE_STORE_NOT_FOUND")]
    public async Task A_store_that_is_not_this_apps_is_not_there(string store, int status, string code)
    {
        var answer = await Http.GetAsync($"v1.0/state/{store}/x");

        ((int)answer.StatusCode).ShouldBe(status);
        (await Code(answer)).ShouldBe(code);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Bad_state_requests_are_told_so(string store)
    {
        (await Http.PostAsync($"v1.0/state/{store}", Json("{"))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Http.PostAsync($"v1.0/state/{store}", Json("""[{"value":1}]"""))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Http.GetAsync($"v1.0/state/{store}/a||b")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_invocation_goes_through_whole_and_so_does_its_answer()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"v1.0/invoke/{Sidecars.OtherId}/method/echo/a%20b/c?q=1&r=x%2Fy") { Content = Json("""{"n":1}""") };
        request.Headers.Add("x-mine", "42");

        using var answer = await Http.SendAsync(request);

        ((int)answer.StatusCode).ShouldBe(418);
        answer.Headers.GetValues("x-answered").ShouldBe(["yes"]);
        var echo = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        ((string?)echo["method"]).ShouldBe("PUT");
        ((string?)echo["path"]).ShouldBe("/echo/a b/c");
        ((string?)echo["query"]).ShouldBe("?q=1&r=x%2Fy");
        ((string?)echo["body"]).ShouldBe("""{"n":1}""");
        ((string?)echo["headers"]!["x-mine"]).ShouldBe("42");
        ((string?)echo["headers"]!["dapr-caller-app-id"]).ShouldBe(Sidecars.Id);
        ((string?)echo["headers"]!["dapr-api-token"]).ShouldBe(Sidecars.AppToken);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task The_others_status_comes_back(int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"answer/{status}");
        request.Headers.Add("dapr-app-id", Sidecars.OtherId);

        using var answer = await Http.SendAsync(request);

        ((int)answer.StatusCode).ShouldBe(status);
        (await answer.Content.ReadAsStringAsync()).ShouldBe($"status {status}");
    }

    [Fact]
    public async Task An_app_that_does_not_exist_cannot_be_invoked()
    {
        var answer = await Http.GetAsync("v1.0/invoke/nobody/method/x");

        answer.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        (await Code(answer)).ShouldBe("ERR_DIRECT_INVOKE");
    }

    [Theory]
    [InlineData(503, 2, 200, 3)]
    [InlineData(503, 9, 503, 3)]
    [InlineData(404, 9, 404, 1)]
    [InlineData(500, 9, 500, 1)]
    public async Task A_call_that_fails_is_made_again_as_its_policy_says(int failure, int times, int status, int calls)
    {
        using var body = new ByteArrayContent([1, 2, 3]);

        var answer = await Http.PostAsync($"v1.0/invoke/{Sidecars.OtherId}/method/fails/{key}/{times}/{failure}", body);

        ((int)answer.StatusCode).ShouldBe(status);
        sidecars.Other.CallsOf(key).ShouldBe(calls);
    }

    [Fact]
    public async Task A_call_that_hangs_is_given_up_and_made_again()
    {
        (await Http.GetStringAsync($"v1.0/invoke/{Sidecars.OtherId}/method/hangs/{key}/1")).ShouldBe("call 2");

        var never = await Http.GetAsync($"v1.0/invoke/{Sidecars.OtherId}/method/hangs/{key}-again/9");

        never.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        (await Code(never)).ShouldBe("ERR_DIRECT_INVOKE");
        sidecars.Other.CallsOf($"{key}-again").ShouldBe(3);
    }

    [Fact]
    public async Task An_invocation_over_gRPC_reaches_the_other_app_by_HTTP()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecars.GrpcPort}");
        var dapr = new Wire.Dapr.DaprClient(channel);
        var token = new Metadata { { "dapr-api-token", Sidecars.Token } };
        Wire.InvokeServiceRequest To(string method) => new() { Id = Sidecars.OtherId, Message = new() { Method = method, HttpExtension = new() { Verb = Wire.HTTPExtension.Types.Verb.Get } } };

        var answer = await dapr.InvokeServiceAsync(To("answer/200"), token);
        var refused = await Should.ThrowAsync<RpcException>(dapr.InvokeServiceAsync(To("answer/404"), token).ResponseAsync);

        answer.Data.Value.ToStringUtf8().ShouldBe("status 200");
        refused.StatusCode.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task A_mail_goes_out_and_what_is_wrong_with_one_is_said()
    {
        var subject = $"Order Confirmed #{key} ✓";
        var fields = new Dictionary<string, string> { ["emailFrom"] = "shop@ecom.local", ["emailTo"] = "ann@example.com", ["subject"] = subject };

        await Client.InvokeBindingAsync("mail", "create", "<h1>Thanks, Zoë</h1>", fields);

        var mail = await Eventually.Get(async () => (await sidecars.Mails()).FirstOrDefault(m => m.Subject == subject), TimeSpan.FromSeconds(10), "the mail arrives");
        mail.From.ShouldBe("shop@ecom.local");
        mail.To.ShouldBe(["ann@example.com"]);
        mail.Html.Trim().ShouldBe("<h1>Thanks, Zoë</h1>");
        foreach (var (body, text) in ((string, string)[])[
            ("""{"operation":"create","data":"x","metadata":{"emailFrom":"a@b.c","emailTo":"nobody","subject":"s"}}""", "invalid address"),
            ("""{"operation":"get","data":"x"}""", "does not support operation get")])
        {
            var refused = await Http.PostAsync("v1.0/bindings/mail", Json(body));
            refused.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
            var error = await refused.Content.ReadAsStringAsync();
            error.ShouldContain("ERR_INVOKE_OUTPUT_BINDING");
            error.ShouldContain(text);
        }

        (await Http.PostAsync("v1.0/bindings/mail", Json("{"))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Http.PostAsync("v1.0/bindings/none", Json("""{"operation":"create"}"""))).StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task Secrets_are_the_environments_variables_with_the_prefix_and_no_others()
    {
        (await Client.GetSecretAsync("secrets", "DOOR"))["DOOR"].ShouldBe(Sidecars.Secret);
        foreach (var other in (string[])["PATH", "DAPR_API_TOKEN", "APP_API_TOKEN"])
            (await Client.GetSecretAsync("secrets", other))[other].ShouldBeEmpty();
        (await Client.GetBulkSecretAsync("secrets"))["DOOR"]["DOOR"].ShouldBe(Sidecars.Secret);
        (await Client.GetBulkSecretAsync("secrets")).Keys.ShouldNotContain("PATH");
        (await Http.GetStringAsync("v1.0/secrets/secrets/bulk")).ShouldNotContain(Sidecars.Token);
        (await Http.GetAsync("v1.0/secrets/none/PATH")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Metadata_tells_of_components_and_subscriptions()
    {
        (await Http.PutAsync("v1.0/metadata/colour", new StringContent("blue"))).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        var metadata = JsonNode.Parse(await Http.GetStringAsync("v1.0/metadata"))!;

        ((string?)metadata["id"]).ShouldBe(Sidecars.Id);
        ((string?)metadata["extended"]!["colour"]).ShouldBe("blue");
        metadata["components"]!.AsArray().Select(c => (string?)c!["name"]).ShouldContain("store");
        metadata["components"]!.AsArray().Select(c => (string?)c!["name"]).ShouldNotContain("hidden");
        metadata["subscriptions"]!.AsArray().Select(s => (string?)s!["topic"]).ShouldContain("plain");
        (await Client.GetMetadataAsync()).Id.ShouldBe(Sidecars.Id);
        (await Client.CheckHealthAsync()).ShouldBeTrue();
        (await Client.CheckOutboundHealthAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_the_token_only_health_answers()
    {
        using var stranger = new HttpClient { BaseAddress = Http.BaseAddress };
        using var client = new DaprClientBuilder().UseHttpEndpoint($"{Http.BaseAddress}").UseGrpcEndpoint($"http://127.0.0.1:{sidecars.GrpcPort}").UseDaprApiToken("wrong").Build();

        (await stranger.GetAsync("v1.0/healthz")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await stranger.GetAsync("v1.0/metadata")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        var refused = await Should.ThrowAsync<Dapr.DaprException>(client.GetStateAsync<int>("store", "x"));
        refused.InnerException.ShouldBeOfType<Grpc.Core.RpcException>().StatusCode.ShouldBe(Grpc.Core.StatusCode.Unauthenticated);
    }

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    static async Task<string?> Code(HttpResponseMessage answer) => (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errorCode"];
}
