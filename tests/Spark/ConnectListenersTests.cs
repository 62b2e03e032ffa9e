using System.Collections.Concurrent;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectListenersTests(SparkWorld world)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_listener_hears_what_becomes_of_a_stream()
    {
        using var session = world.NewSession();
        var listener = new Ear();
        session.Streams().AddListener(new Broken());
        session.Streams().AddListener(listener);

        var query = Rows(session).WriteStream().Format("memory").QueryName("heard").Start();
        await Eventually.Until(() => listener.Progress.Any(progress => progress.NumInputRows == 5), Patience, "a batch is heard of");
        query.Stop();
        await Eventually.Until(() => !listener.Terminated.IsEmpty, Patience, "the end is heard of");

        var started = listener.Started.ShouldHaveSingleItem();
        (started.Id, started.RunId, started.Name).ShouldBe((query.Id, query.RunId, "heard"));
        started.Timestamp.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        listener.Progress.ShouldAllBe(progress => progress.Id == query.Id && progress.RunId == query.RunId && progress.Name == "heard");
        listener.Terminated.ShouldHaveSingleItem().ShouldBe(new QueryTerminated(query.Id, query.RunId, null, null));
    }

    [Fact]
    public async Task A_listener_hears_why_a_stream_failed()
    {
        using var session = world.NewSession();
        var listener = new Ear();
        session.Streams().AddListener(listener);

        Rows(session).Select(CallFunction("raise_error", Lit("broken on purpose")).As("value")).WriteStream().Format("memory").QueryName("broken").Start();
        await Eventually.Until(() => !listener.Terminated.IsEmpty, Patience, "the end is heard of");

        listener.Terminated.ShouldHaveSingleItem().Exception.ShouldNotBeNull().ShouldContain("broken on purpose");
    }

    [Fact]
    public void A_listener_that_was_removed_hears_nothing()
    {
        using var session = world.NewSession();
        Ear gone = new(), stays = new();
        session.Streams().RemoveListener(gone);
        session.Streams().AddListener(gone);
        session.Streams().RemoveListener(gone);
        session.Streams().AddListener(stays);

        Rows(session).WriteStream().Format("memory").QueryName("unheard").Start().Stop();

        stays.Started.ShouldHaveSingleItem();
        gone.Started.ShouldBeEmpty();
    }

    static DataFrame Rows(SparkSession session) => session.ReadStream().Format("rate-micro-batch").Option("rowsPerBatch", 5).Load();

    sealed class Ear : StreamingQueryListener
    {
        public ConcurrentQueue<QueryStarted> Started { get; } = [];
        public ConcurrentQueue<StreamingQueryProgress> Progress { get; } = [];
        public ConcurrentQueue<QueryTerminated> Terminated { get; } = [];

        public override void OnQueryStarted(QueryStarted started) => Started.Enqueue(started);
        public override void OnQueryProgress(StreamingQueryProgress progress) => Progress.Enqueue(progress);
        public override void OnQueryTerminated(QueryTerminated terminated) => Terminated.Enqueue(terminated);
    }

    sealed class Broken : StreamingQueryListener
    {
        public override void OnQueryProgress(StreamingQueryProgress progress) => throw new InvalidOperationException("on purpose");
    }
}
