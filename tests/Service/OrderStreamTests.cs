using System.Net;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>One that says nothing while nothing happens: what a follower hears, a commit has told.</summary>
public sealed class QuietOrder() : ServiceFixture("Order", Database.Sqlite, ("FOLLOW_HEARTBEAT_SECONDS", "300"));

/// <summary>Live status of an order: asked for from the checkout's answer on, until its end.</summary>
public sealed class OrderStreamTests(QuietOrder fixture) : IClassFixture<QuietOrder>, IAsyncLifetime
{
    readonly ServiceProcess service = fixture.Service;
    readonly Facts facts = new();

    /// <summary>What is asked for the first time takes longer than an order is waited for.</summary>
    public async ValueTask InitializeAsync()
    {
        var warm = new Facts();
        await service.Takes(warm.Checkout);
        await service.Get($"/orders/{warm.Order}");
        await service.Http.ShouldRefuse(404, "GET", "/orders/ORD-UNKNOWN");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static Task<ServiceProcess> Start(string heartbeat, Database database = Database.Sqlite, string most = "1000") => ServiceProcess.Start("Order", database,
        new Dictionary<string, string> { ["FOLLOW_HEARTBEAT_SECONDS"] = heartbeat, ["FOLLOW_MOST"] = most });

    [Theory]
    [InlineData("GET", "", 200)]
    [InlineData("GET", "/events", 200)]
    [InlineData("POST", "/cancel", 202)]
    public async Task An_order_that_is_still_on_its_way_is_waited_for(string method, string what, int status)
    {
        var waiting = service.Http.SendAsync(new(new(method), $"/orders/{facts.Order}{what}"), HttpCompletionOption.ResponseHeadersRead);
        for (var i = 0; i < 5; i++)
            await service.Http.ShouldRefuse(404, "GET", "/orders/ORD-UNKNOWN");
        waiting.IsCompleted.ShouldBeFalse();
        await service.Takes(facts.Checkout);

        using var answer = await waiting;

        ((int)answer.StatusCode).ShouldBe(status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/events")]
    public async Task An_id_that_never_becomes_an_order_is_refused_in_the_end(string what)
    {
        var waiting = service.Http.ShouldRefuse(404, "GET", $"/orders/{Ids.NewOrder()}{what}");
        for (var i = 0; i < 5; i++)
            await service.Http.ShouldRefuse(404, "GET", "/orders/ORD-UNKNOWN");

        waiting.IsCompleted.ShouldBeFalse("it may still come");
        await waiting;
    }

    [Fact]
    public async Task An_id_that_cannot_become_an_order_is_refused_at_once()
    {
        var old = "ORD-" + Ids.Encode(Guid.CreateVersion7(DateTimeOffset.UtcNow.AddMinutes(-10)));
        var random = "ORD-" + Ids.Encode(Guid.NewGuid());
        var waitedFor = service.Http.ShouldRefuse(404, "GET", $"/orders/{Ids.NewOrder()}");

        foreach (var id in (string[])[old, random, Ids.NewOrder().ToLowerInvariant(), Ids.NewOrder() + "0", Ids.NewPayment(), "ORD-1"])
            await service.Http.ShouldRefuse(404, "GET", $"/orders/{id}/events");

        waitedFor.IsCompleted.ShouldBeFalse("only this one is waited for");
        await waitedFor;
    }

    [Fact]
    public async Task Each_change_is_told_by_its_commit_once_and_with_an_id()
    {
        await service.Takes(facts.Checkout);
        using var follower = await Follower.Of(service, facts.Order);
        var first = await follower.Next();

        await service.Takes(facts.Processed());
        var second = await follower.Next();
        await service.Takes(facts.Reserved);
        var third = await follower.Next();

        (await follower.Next()).ShouldBeNull();
        new[] { first, second, third }.Select(change => (string?)change!.Data!["status"]).ShouldBe(["PENDING", "PAID", "FULFILLED"]);
        new[] { first, second, third }.Select(change => change!.Id).Distinct().Count().ShouldBe(3);
        follower.Header("X-Accel-Buffering").ShouldBe("no");
        follower.Header("Cache-Control").ShouldBe("no-cache");
    }

    [Fact]
    public async Task Who_comes_back_goes_on_where_it_was_and_after_the_end_is_told_not_to_come_again()
    {
        await service.Takes(facts.Checkout);
        using var follower = await Follower.Of(service, facts.Order);
        var pending = (await follower.Next())!.Id;
        using var again = await Follower.Of(service, facts.Order, pending);
        await service.Takes(facts.Failed);
        await Eventually.Until(async () => (await service.Get($"/orders/{facts.Order}"))["closed_at"] is not null, TimeSpan.FromSeconds(30), "the order's end");

        var events = new List<SentEvent>();
        while (await again.Next() is { } next)
            events.Add(next);
        events.ShouldAllBe(next => next.Id != pending);
        using var late = await Follower.Of(service, facts.Order, pending);
        var last = await late.Next();
        last!.Id.ShouldBe(events[^1].Id);
        ((bool?)last.Data!["ended"]).ShouldBe(true);
        (await late.Next()).ShouldBeNull();

        using var end = await Follower.Of(service, facts.Order, last.Id);
        end.Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Nothing_new_is_told_by_comments()
    {
        await using var lively = await Start(heartbeat: "0.3");
        await lively.Takes(facts.Checkout);

        using var follower = await Follower.Of(lively, facts.Order);

        (await follower.Next())!.Data.ShouldNotBeNull();
        (await follower.Next())!.Comment.ShouldNotBeNull();
        (await follower.Next())!.Comment.ShouldNotBeNull();
    }

    [Fact]
    public async Task One_follower_too_many_is_asked_to_come_later()
    {
        await using var small = await Start(heartbeat: "0.3", most: "2");
        await small.Takes(facts.Checkout);
        using var first = await Follower.Of(small, facts.Order);
        using (await Follower.Of(small, facts.Order))
        {
            using var third = await Follower.Of(small, facts.Order);
            third.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            third.Header("Retry-After").ShouldNotBeNull();
            await small.Http.ShouldRefuse(503, "GET", $"/orders/{facts.Order}/events");
        }

        await Eventually.Until(async () =>
        {
            using var next = await Follower.Of(small, facts.Order);
            return next.Status == HttpStatusCode.OK;
        }, TimeSpan.FromSeconds(10), "the place of the one that left");
    }

    [Fact]
    public async Task A_stop_ends_the_streams_and_is_as_quick_as_without()
    {
        await using var stopping = await Start(heartbeat: "300");
        await stopping.Takes(facts.Checkout);
        using var follower = await Follower.Of(stopping, facts.Order);
        (await follower.Next()).ShouldNotBeNull();

        var exitCode = stopping.Stop();

        (await follower.Next()).ShouldBeNull("ended, not cut off");
        (await exitCode).ShouldBe(0);
    }

    [Fact, Needs(Runtime.Postgres)]
    public async Task A_change_that_another_replica_commits_is_told_at_once()
    {
        await using var first = await Start(heartbeat: "300", Database.Postgres);
        await using var second = await first.AnotherReplica();
        await Eventually.Until(async () => int.Parse((await first.Query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND (query LIKE 'LISTEN %' OR query LIKE '%pg_try_advisory_lock%' OR query = 'SELECT 1')"))[0],
            System.Globalization.CultureInfo.InvariantCulture) >= 2, TimeSpan.FromSeconds(10), "both replicas' lines");
        // What is asked for the first time takes longer than an order is waited for.
        var warm = new Facts();
        await first.Takes(warm.Checkout);
        await second.Get($"/orders/{warm.Order}");
        await second.Http.ShouldRefuse(404, "GET", "/orders/ORD-UNKNOWN");
        // An order that is not fresh is not waited for.
        var facts = new Facts();
        var opening = Follower.Of(second, facts.Order);
        for (var i = 0; i < 5; i++)
            await second.Http.ShouldRefuse(404, "GET", "/orders/ORD-UNKNOWN");
        opening.IsCompleted.ShouldBeFalse();

        await first.Takes(facts.Checkout);
        using var follower = await opening;
        follower.Status.ShouldBe(HttpStatusCode.OK);
        ((string?)(await follower.Next())!.Data!["status"]).ShouldBe("PENDING");

        await first.Takes(facts.Failed);
        ((string?)(await follower.Next())!.Data!["status"]).ShouldBe("CANCELLED");
    }

    sealed record SentEvent(string? Id, JsonNode? Data, string? Comment);

    /// <summary>An open stream, read block by block.</summary>
    sealed class Follower : IDisposable
    {
        readonly HttpResponseMessage answer;
        readonly StreamReader lines;

        Follower(HttpResponseMessage answer, Stream body) => (this.answer, lines) = (answer, new(body));

        public HttpStatusCode Status => answer.StatusCode;

        public static async Task<Follower> Of(ServiceProcess service, string order, string? lastEventId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/orders/{order}/events");
            if (lastEventId is not null)
                request.Headers.Add("Last-Event-ID", lastEventId);
            var answer = await service.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return new(answer, await answer.Content.ReadAsStreamAsync());
        }

        public string? Header(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

        /// <summary>Null: the stream has ended.</summary>
        public async Task<SentEvent?> Next()
        {
            using var deadline = new CancellationTokenSource(Eventually.OnABusyMachine(TimeSpan.FromSeconds(15)));
            var block = new Dictionary<string, string>();
            while (await lines.ReadLineAsync(deadline.Token) is { } line)
                if (line.Length > 0)
                    block[line.Split(':')[0]] = line[(line.IndexOf(':') + 1)..].Trim();
                else
                    return new(block.GetValueOrDefault("id"), block.TryGetValue("data", out var data) ? JsonNode.Parse(data) : null, block.GetValueOrDefault(""));
            return null;
        }

        public void Dispose()
        {
            lines.Dispose();
            answer.Dispose();
        }
    }
}
