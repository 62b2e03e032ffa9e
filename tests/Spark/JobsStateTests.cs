using Ecom.Contracts;
using Ecom.Spark.Connect.Streaming;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Tests.Spark.Support.History;

namespace Ecom.Tests.Spark;

/// <summary>What the jobs remember: as much after a week as after two steps of it, operator by operator.</summary>
[Needs(Runtime.Spark)]
public sealed class JobsStateTests(SparkWorld world)
{
    const string Heap = "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider";
    const string RocksDb = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider";

    static readonly DateTimeOffset Monday = At("00:00:00");

    public static TheoryData<string> Names => [.. Job.All.Select(job => job.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_job_remembers_no_more_at_the_end_of_a_day_than_after_its_first_hours(string name)
    {
        var batches = Run(name, Heap, Enumerable.Range(0, 8).Select(i => Traffic(Monday.AddHours(3 * i), TimeSpan.FromHours(3), TimeSpan.FromMinutes(1))));

        batches.Count.ShouldBe(8);
        // The first two steps fill what is remembered; from then on each step brings as much as is forgotten.
        ShouldBeFlat(batches, cycle: 1, from: 2, Heap);
    }

    public static TheoryData<string, string> NamesInStores => [.. from job in Job.All from store in new[] { Heap, RocksDb } select new TheoryDataRow<string, string>(job.Name, store)];

    [Trait("Length", "Long")]
    [Theory, MemberData(nameof(NamesInStores))]
    public void A_job_remembers_no_more_after_a_week_than_after_two_days(string name, string store)
    {
        const int partsOfADay = 5;

        // A shop's day: four hours of the night are silent, the evening is three times as busy as the rest.
        var batches = Run(name, store, Enumerable.Range(0, 7).SelectMany(day => Enumerable.Range(1, partsOfADay).Select(
            part => Traffic(Monday.AddHours((24 * day) + (4 * part)), TimeSpan.FromHours(4), TimeSpan.FromSeconds(part == 4 ? 10 : 30)))));

        batches.Count.ShouldBe(7 * partsOfADay);
        ShouldBeFlat(batches, cycle: partsOfADay, from: partsOfADay, store);
        foreach (var (i, state) in batches[^1].StateOperators.Index())
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{name} {store.Split('.')[^1]} {state.OperatorName}: most rows of each day {Most(state => state.NumRowsTotal)}; most bytes {Most(state => state.MemoryUsedBytes)}");

            string Most(Func<StateOperatorProgress, long> figure) => string.Join(' ', batches.Chunk(partsOfADay).Select(day => day.Max(batch => figure(batch.StateOperators[i]))));
        }
    }

    /// <summary>Each day (or step) is as the one before: so is what is remembered after each of its steps, to the row.</summary>
    static void ShouldBeFlat(IReadOnlyList<StreamingQueryProgress> batches, int cycle, int from, string store)
    {
        var operators = batches[^1].StateOperators;
        operators.ShouldNotBeEmpty();
        foreach (var (i, state) in operators.Index())
        {
            var rows = batches.Skip(from).Select(batch => batch.StateOperators[i].NumRowsTotal).Chunk(cycle).ToList();
            rows.ShouldAllBe(day => day.SequenceEqual(rows[0]), $"{state.OperatorName}: {string.Join(" | ", rows.Select(day => string.Join(' ', day)))}");
            // RocksDB's own is what it caches, whatever there is to remember.
            if (store != Heap)
                continue;
            var bytes = batches.Skip(from).Select(batch => batch.StateOperators[i].MemoryUsedBytes).Chunk(cycle).Select(day => day.Max()).ToList();
            // Spark's estimate counts what two versions of the state share now once and now twice: halves are compared, not single days.
            var half = bytes.Count / 2;
            bytes.Skip(half).Max().ShouldBeLessThanOrEqualTo(bytes.Take(half).Max() * 5 / 4, $"{state.OperatorName}: {string.Join(' ', bytes)} bytes");
        }
    }

    IReadOnlyList<StreamingQueryProgress> Run(string name, string store, IEnumerable<IEnumerable<HistoryRecord>> steps)
    {
        using var session = world.NewSession();
        session.Conf().Set("spark.sql.streaming.stateStore.providerClass", store);
        return Job.All.Single(job => job.Name == name).Run(session, steps);
    }

    /// <summary>An event of every kind that a job reads in turn, by thirty customers; every tenth event comes twice.</summary>
    static IEnumerable<HistoryRecord> Traffic(DateTimeOffset start, TimeSpan length, TimeSpan every)
    {
        var count = (int)(length / every);
        for (var i = 0; i < count; i++)
        {
            var (time, user, id) = (start + i * every, $"user-{i % 30}", $"{start:yyyyMMddHH}-{i}");
            var record = (i % 8) switch
            {
                0 or 1 => Event(time, new CartItemAdded(user, $"PROD-00{i % 9 + 1}", 1, 9.99m), id),
                2 => Event(time, new CartItemRemoved(user, $"PROD-00{i % 9 + 1}"), id),
                3 => Event(time, new CheckoutInitiated("ORD-1", user, [new("PROD-001", 1, 9.99m, 9.99m)], 9.99m), id),
                4 => Event(time, new OrderCreated("ORD-1", user, [new("PROD-001", 1, 9.99m, 9.99m)], 9.99m), id),
                5 => Event(time, new PaymentProcessed("PAY-1", "ORD-1", user, 9.99m, "USD", "card"), id),
                6 => Event(time, new PaymentFailed("ORD-1", user, "card_declined"), id),
                _ => Event(time, new InventoryReserved("ORD-1", [new($"PROD-00{i % 9 + 1}", 1)]), id),
            };
            yield return record;
            if (i % 10 == 0)
                yield return record;
        }
    }
}
