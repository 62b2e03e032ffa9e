using System.Collections.Concurrent;
using DurableTask.Protobuf;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Ecom.Sidecar.PubSub;
using Ecom.Sidecar.State;
using Ecom.Sidecar.Storage;
using Ecom.Sidecar.Workflows;
using Ecom.Tests.Support;
using FsCheck.Xunit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ecom.Tests.Unit;

/// <summary>The file that all sidecars of a host write to: one that fails, or a file that cannot be written, holds nobody else up.</summary>
public sealed class SidecarFileTests : IDisposable
{
    const string Table = "CREATE TABLE kept (number INTEGER PRIMARY KEY, filler BLOB)";
    static readonly byte[] Large = new byte[500_000];
    readonly TempFolder folder = new("sidecar-file");
    readonly ConcurrentQueue<string> complaints = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_callback_that_throws_is_its_callers_and_the_next_writes_go_on()
    {
        await using var file = Open(Table);

        var failed = file.Write(db => Keep(db, 1), () => throw new InvalidOperationException("a callback"));
        await file.Write(db => Keep(db, 2));

        (await Should.ThrowAsync<InvalidOperationException>(failed)).Message.ShouldBe("a callback");
        Kept(file).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task While_the_disk_is_full_the_patient_wait_in_their_order_and_the_others_are_refused()
    {
        await using var file = Open(Table);
        await file.Write(db => db.Script("PRAGMA max_page_count = 20"));

        Task[] patient = [file.Write(db => Keep(db, 1, Large), isPatient: true), file.Write(db => Keep(db, Kept(file).Count + 2), isPatient: true)];
        var refused = await Should.ThrowAsync<SqliteException>(file.Write(db => Keep(db, 9, Large)));
        await file.Write(db => Keep(db, 8));
        await Eventually.Until(() => !complaints.IsEmpty, TimeSpan.FromSeconds(10), "it is said");
        Kept(file).ShouldBe([8]);
        patient.ShouldAllBe(write => !write.IsCompleted);
        await file.Write(db => db.Script("PRAGMA max_page_count = 100000"));
        await Task.WhenAll(patient);

        refused.SqliteErrorCode.ShouldBe(SQLitePCL.raw.SQLITE_FULL);
        // Both read what was kept before them: the second had waited for the first.
        Kept(file).ShouldBe([1, 3, 8]);
        complaints.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_waits_for_a_full_disk_at_the_end_is_told_that_it_is_not_kept()
    {
        var file = Open(Table);
        await file.Write(db => db.Script("PRAGMA max_page_count = 20"));
        Task[] patient = [file.Write(db => Keep(db, 1, Large), isPatient: true), .. Enumerable.Range(2, 600).Select(i => file.Write(db => Keep(db, i), isPatient: true))];
        await Eventually.Until(() => !complaints.IsEmpty, TimeSpan.FromSeconds(10), "it waits");
        // However many wait, others are answered.
        await Should.ThrowAsync<SqliteException>(file.Write(db => Keep(db, 1_000, Large)));

        await file.DisposeAsync();

        // Also those that would have fitted: they stand behind the first.
        foreach (var write in patient)
            await Should.ThrowAsync<SqliteException>(write);
        using var reader = new Db(folder.File("sidecars.db"));
        reader.Query("SELECT number FROM kept", row => row.GetInt64(0)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_workflow_that_cannot_be_written_stops_alone_and_goes_on_from_what_was()
    {
        await using var file = Open(WorkflowStore.Schema);
        using var store = new WorkflowStore(file, NullLogger.Instance);
        await store.Write(new Change.Begin(1, "one"), new Change.Append(1, 0, Raised("a")));
        await store.Write(new Change.Begin(2, "two"), new Change.Append(2, 0, Raised("a")));
        await store.Write(new Change.Begin(3, "three"), new Change.Append(3, 0, Raised("a")));

        var failed = store.Write(new Change.Append(1, 0, Raised("twice the same number")));
        var behind = store.Write(new Change.Append(1, 1, Raised("b")));
        await store.Write(new Change.Append(2, 1, Raised("b")));

        var told = store.Write(new Change.Append(1, 2, Raised("c")), new Change.Append(3, 1, Raised("from one")));
        var next = store.Write(new Change.Append(3, 2, Raised("behind it")));

        await Should.ThrowAsync<SqliteException>(failed);
        await Should.ThrowAsync<SqliteException>(told);
        await Should.ThrowAsync<SqliteException>(next);
        (await Should.ThrowAsync<SqliteException>(behind)).SqliteErrorCode.ShouldBe(SQLitePCL.raw.SQLITE_CONSTRAINT);
        store.ReadActive().SelectMany(i => i.Log.Cast<HistoryEvent>().Select(e => (i.Id, e.EventRaised.Name))).ShouldBe([("one", "a"), ("two", "a"), ("two", "b"), ("three", "a")]);
    }

    [Fact]
    public async Task A_subscriber_that_comes_late_begins_with_what_is_kept_whatever_was_before()
    {
        await using var file = Open(Broker.Schema);
        await using var broker = new Broker(file, (_, line) => complaints.Enqueue(line));
        var topic = await broker.Topic("pubsub", "orders");
        await broker.Publish(topic, [.. Enumerable.Range(0, 3_000).Select(i => new Message($"{i}", [1]))]);
        await broker.Purge("pubsub", TimeSpan.FromMinutes(-1));
        await broker.Publish(topic, new Message("late", [2]));
        var got = new ConcurrentQueue<long>();

        var queue = await Subscribe(broker, topic, message => got.Enqueue(message.Offset));
        await Eventually.Until(() => got.Count == 1, TimeSpan.FromSeconds(10), "the event that is kept arrives");

        got.ShouldBe([3_000]);
        await Eventually.Until(() => queue.Cursor() is (3_001, []), TimeSpan.FromSeconds(10), "nothing is counted that is not there");
    }

    [Fact]
    public async Task An_error_of_reading_is_said_and_passes()
    {
        await using var file = Open(Broker.Schema);
        await using var broker = new Broker(file, (_, line) => complaints.Enqueue(line));
        var topic = await broker.Topic("pubsub", "orders");
        await broker.Publish(topic, new Message("one", [1]));
        var got = new ConcurrentQueue<long>();
        var queue = new SubscriptionQueue(broker, "app", topic, (_, messages, _) =>
        {
            got.Enqueue(messages[0].Offset);
            return Task.CompletedTask;
        }, 1, new Progress(0, []))
        { Subscription = Wanted };
        await file.Write(db => db.Script("ALTER TABLE messages RENAME TO away"));

        queue.Start();
        await Eventually.Until(() => !complaints.IsEmpty, TimeSpan.FromSeconds(10), "the error is said");
        got.ShouldBeEmpty();
        await file.Write(db => db.Script("ALTER TABLE away RENAME TO messages"));

        await Eventually.Until(() => got.Count == 1, TimeSpan.FromSeconds(10), "the event arrives");
        await queue.DisposeAsync();
    }

    [Fact]
    public async Task What_an_earlier_release_kept_in_files_of_their_own_is_taken_over_once()
    {
        await using (var earlier = new GroupCommit(folder.File("broker.db"), complaints.Enqueue, Broker.Schema))
        await using (var broker = new Broker(earlier, (_, line) => complaints.Enqueue(line)))
            await broker.Publish(await broker.Topic("pubsub", "orders"), new Message("one", [1]));
        await using (var earlier = new GroupCommit(folder.File("state.db"), complaints.Enqueue, StateStore.Schema))
        using (var state = new StateStore(earlier))
            await state.Apply("carts", new StateChange("ada", [7]));
        await using (var earlier = new GroupCommit(folder.File("order-service.workflows.db"), complaints.Enqueue, WorkflowStore.Schema))
        using (var store = new WorkflowStore(earlier, NullLogger.Instance))
            await store.Write(new Change.Begin(1, "one"), new Change.Append(1, 0, Raised("a")));
        folder.Write($"mail/{Guid.CreateVersion7():N}.eml", "To: ada@example.com\r\nSubject: kept\r\n\r\nHello");
        folder.Write($"mail/{Guid.CreateVersion7():N}.eml", "");
        folder.Write("mail/not-ours.eml", "Subject: a stranger\r\n\r\n");

        await using var file = Open(Broker.Schema, StateStore.Schema, MailBox.Schema, WorkflowStore.Schema);
        await using var mails = new MailBox(file);
        for (var start = 0; start < 2; start++)
            await EarlierFiles.TakeOver(folder.Path, folder.File("sidecars.db"), mails);

        await using var now = new Broker(file, (_, line) => complaints.Enqueue(line));
        var topic = await now.Topic("pubsub", "orders");
        now.Read(topic, 0, 10).ConvertAll(message => message.Key).ShouldBe(["one"]);
        topic.Committed.ShouldBe(1);
        using (var state = new StateStore(file))
            state.Get("carts", "ada")!.Value.ShouldBe([7]);
        using (var store = new WorkflowStore(file, NullLogger.Instance))
            store.ReadActive().Select(i => i.Id).ShouldBe(["one"]);
        mails.List(0, 10).Page.Select(mail => mail.Subject).ShouldBe(["kept"]);
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).ShouldAllBe(name => name!.StartsWith("sidecars.db"));
        Directory.GetFiles(folder.File("mail")).Length.ShouldBe(2, "what is no mail, or not ours, is left alone");
    }

    [Fact]
    public async Task What_an_earlier_release_keeps_beside_a_file_in_use_is_not_mixed_with_it()
    {
        await using var file = Open(Broker.Schema, StateStore.Schema, MailBox.Schema, WorkflowStore.Schema);
        await using var mails = new MailBox(file);
        await using (var now = new Broker(file, (_, line) => complaints.Enqueue(line)))
            await now.Publish(await now.Topic("pubsub", "orders"), new Message("new", [1]));
        await using (var earlier = new GroupCommit(folder.File("broker.db"), complaints.Enqueue, Broker.Schema))
        await using (var broker = new Broker(earlier, (_, line) => complaints.Enqueue(line)))
            await broker.Publish(await broker.Topic("pubsub", "payments"), new Message("old", [1]));

        var refused = await Should.ThrowAsync<SetupException>(() => EarlierFiles.TakeOver(folder.Path, folder.File("sidecars.db"), mails));

        refused.Message.ShouldContain("broker.db");
        File.Exists(folder.File("broker.db")).ShouldBeTrue();
    }

    /// <summary>Against a set of numbers, which is slower and cannot be wrong.</summary>
    [Property(MaxTest = 300)]
    public void What_is_dealt_with_is_kept_bit_by_bit_and_found_again(byte begin, ushort[] offsets, byte skip)
    {
        var (progress, done) = (new Progress(begin, []), new HashSet<long>());
        foreach (var offset in offsets.Select(offset => begin + offset % 2_000L))
        {
            progress.Done(offset);
            done.Add(offset);
            Agree(progress);
        }
        var (floor, bits) = progress.Written();
        var again = new Progress(floor, bits);
        Agree(again);

        var target = again.Next + skip;
        for (var gone = again.Next; gone < target; gone++)
            done.Add(gone);
        again.SkipTo(target);
        Agree(again);

        void Agree(Progress found)
        {
            long next = begin;
            while (done.Contains(next))
                next++;
            found.Next.ShouldBe(next);
            Enumerable.Range(0, 2_300).ShouldAllBe(i => found.IsDone(begin + i) == (begin + i < next || done.Contains(begin + i)));
        }
    }

    static Subscription Wanted => new("pubsub", "orders", [], "/on/orders", null, 1, RawPayload: false);

    static Task<SubscriptionQueue> Subscribe(Broker broker, Topic topic, Action<Message> take) => broker.Open("app", topic, Wanted, (_, messages, _) =>
    {
        take(messages[0]);
        return Task.CompletedTask;
    }, lanes: 4);

    static HistoryEvent Raised(string name) => new() { EventRaised = new() { Name = name } };

    static void Keep(Db db, long number, byte[]? filler = null) => db.Run("INSERT INTO kept VALUES ($0, $1)", number, filler);

    static List<long> Kept(GroupCommit file)
    {
        using var reader = file.Reader();
        return reader.Query("SELECT number FROM kept ORDER BY number", row => row.GetInt64(0));
    }

    GroupCommit Open(params ReadOnlySpan<string> schemas) => new(folder.File("sidecars.db"), complaints.Enqueue, schemas);
}
