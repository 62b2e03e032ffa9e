using Microsoft.Data.Sqlite;

namespace Ecom.Sidecar.PubSub;

/// <summary>Gives messages (of one lane, in order) to the app; returns when each is dealt with for good.</summary>
delegate Task Deliver(SubscriptionQueue queue, IReadOnlyList<Message> messages, CancellationToken stop);

/// <summary>
/// What one app still has to get of one topic. Keys are hashed to lanes; a lane has one delivery
/// in flight, so events of one key arrive in order while other keys pass a slow one.
/// </summary>
sealed class SubscriptionQueue : IAsyncDisposable
{
    /// <summary>Held in memory per queue; the rest waits in the file.</summary>
    const int Window = 2_000;
    const long WindowBytes = 16 << 20;
    /// <summary>How far the other lanes may run ahead of one that is stuck.</summary>
    const int Ahead = 60_000;

    static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    sealed class Lane
    {
        public readonly Queue<Message> Waiting = new();
        public bool Running;
    }

    readonly Broker broker;
    readonly Deliver deliver;
    readonly Lane[] lanes;
    readonly Lock gate = new();
    readonly CancellationTokenSource stop = new();
    readonly Progress progress;
    readonly HashSet<Task> running = [];
    long loaded;
    int held;
    long heldBytes;
    int turn;
    bool behind = true;
    bool loading;

    public SubscriptionQueue(Broker broker, string app, Topic topic, Deliver deliver, int laneCount, Progress progress)
    {
        (this.broker, App, Topic, this.deliver, this.progress, loaded) = (broker, app, topic, deliver, progress, progress.Next);
        lanes = [.. Enumerable.Range(0, laneCount).Select(_ => new Lane())];
    }

    public string App { get; }
    public Topic Topic { get; }
    public required Subscription Subscription { get; set; }

    public void Start() => LoadMore();

    /// <summary>Called by the writer with what was just committed.</summary>
    public void Offer(Message[] messages)
    {
        lock (gate)
        {
            if (behind) return;
            foreach (var message in messages)
            {
                if (message.Offset < loaded) continue;
                if (Full) { behind = true; break; }
                Add(message);
            }
        }
    }

    bool Full => held >= Window || heldBytes >= WindowBytes || loaded - progress.Next >= Ahead;

    void Add(Message message)
    {
        PassOver(message.Offset);
        loaded = message.Offset + 1;
        if (progress.IsDone(message.Offset)) return;
        held++;
        heldBytes += message.Data.Length;
        var lane = lanes[message.Key is { } key ? (int)(Hash(key) % (uint)lanes.Length) : turn++ % lanes.Length];
        lane.Waiting.Enqueue(message);
        if (lane.Running || stop.IsCancellationRequested) return;
        lane.Running = true;
        var task = Task.Run(() => Drain(lane));
        running.Add(task);
        _ = task.ContinueWith(t => { lock (gate) running.Remove(t); }, TaskScheduler.Default);
    }

    /// <summary>Offsets that a publish was given and lost again, or that were purged, do not exist: nobody will ever acknowledge them.</summary>
    void PassOver(long offset)
    {
        if (progress.Next == loaded) progress.SkipTo(offset);
        else for (var gone = loaded; gone < offset; gone++) progress.Done(gone);
        loaded = Math.Max(loaded, offset);
    }

    /// <summary>The same on every start: a message that waits in a lane keeps its place behind its key.</summary>
    static uint Hash(string key) => key.Aggregate(2166136261, (h, c) => (h ^ c) * 16777619);

    async Task Drain(Lane lane)
    {
        var batch = new List<Message>();
        while (true)
        {
            lock (gate)
            {
                if (lane.Waiting.Count == 0 || stop.IsCancellationRequested)
                {
                    lane.Running = false;
                    return;
                }
                batch.Clear();
                batch.AddRange(lane.Waiting.Take(Math.Max(1, Subscription.BatchSize)));
            }
            try
            {
                await deliver(this, batch, stop.Token);
                CrashPoint.Reach("host.acknowledged");
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                continue;
            }
            catch (Exception e)
            {
                // The disk is full, say: the lane keeps its place and tries again.
                broker.Complain(App, $"{Topic.Name} at {Topic.PubSub}: {e.Message}");
                await Task.Delay(Again);
                continue;
            }
            Acknowledge(lane, batch.Count);
        }
    }

    void Acknowledge(Lane lane, int count)
    {
        bool load;
        lock (gate)
        {
            for (var i = 0; i < count; i++)
            {
                var message = lane.Waiting.Dequeue();
                held--;
                heldBytes -= message.Data.Length;
                progress.Done(message.Offset);
            }
            load = behind && !loading && held < Window / 2;
        }
        broker.Moved(this);
        if (load) LoadMore();
    }

    void LoadMore()
    {
        lock (gate)
        {
            if (loading || stop.IsCancellationRequested) return;
            loading = true;
        }
        _ = Task.Run(async () =>
        {
            while (true)
                try
                {
                    if (!LoadSome()) return;
                }
                catch (SqliteException e)
                {
                    broker.Complain(App, $"{Topic.Name} at {Topic.PubSub}: what waits cannot be read: {e.Message}");
                    await Task.Delay(Again);
                }
        });
    }

    /// <returns>False: there is no more to load for now.</returns>
    bool LoadSome()
    {
        long from, end;
        lock (gate)
        {
            (from, end) = (loaded, Topic.Committed);
            if (from >= end) behind = false;
            if (!behind || Full || stop.IsCancellationRequested) return loading = false;
        }
        var messages = broker.Read(Topic, from, 500);
        lock (gate)
        {
            foreach (var message in messages) Add(message);
            if (messages.Count == 0) PassOver(end);
        }
        return true;
    }

    /// <summary>What is dealt with, to be written down.</summary>
    public (long Floor, byte[] Bits) Cursor()
    {
        lock (gate) return progress.Written();
    }

    public async ValueTask DisposeAsync()
    {
        Task[] last;
        lock (gate)
        {
            if (stop.IsCancellationRequested) return;
            stop.Cancel();
            last = [.. running];
        }
        await Task.WhenAll(last);
        stop.Dispose();
    }
}
