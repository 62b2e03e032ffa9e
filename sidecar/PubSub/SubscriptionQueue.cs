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
    readonly HashSet<long> done = [];
    readonly HashSet<Task> running = [];
    long next;
    long loaded;
    int held;
    long heldBytes;
    int turn;
    bool behind = true;
    bool loading;

    public SubscriptionQueue(Broker broker, string app, Topic topic, Deliver deliver, int laneCount, long next, byte[] doneBits)
    {
        (this.broker, App, Topic, this.deliver, this.next, loaded) = (broker, app, topic, deliver, next, next);
        lanes = [.. Enumerable.Range(0, laneCount).Select(_ => new Lane())];
        for (var i = 0; i < doneBits.Length * 8; i++)
            if ((doneBits[i / 8] & 1 << i % 8) != 0) done.Add(next + i);
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

    bool Full => held >= Window || heldBytes >= WindowBytes || loaded - next >= Ahead;

    void Add(Message message)
    {
        // Offsets of a publish that was rolled back do not exist: nobody will ever acknowledge them.
        for (; loaded < message.Offset; loaded++) done.Add(loaded);
        loaded = message.Offset + 1;
        if (done.Contains(message.Offset)) return;
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
                done.Add(message.Offset);
            }
            while (done.Remove(next)) next++;
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
        _ = Task.Run(() =>
        {
            while (true)
            {
                long from;
                lock (gate)
                {
                    if (loaded >= Topic.Committed) behind = false;
                    if (!behind || Full || stop.IsCancellationRequested) { loading = false; return; }
                    from = loaded;
                }
                var messages = broker.Read(Topic, from, 500);
                lock (gate)
                {
                    foreach (var message in messages) Add(message);
                    // Nothing there although offsets were given out: a gap at the end.
                    if (messages.Count == 0 && from < Topic.Committed) for (; loaded < Topic.Committed; loaded++) done.Add(loaded);
                    while (done.Remove(next)) next++;
                }
            }
        });
    }

    /// <summary>Everything below `Next` is dealt with, and above it what the bits say.</summary>
    public (long Next, byte[] Done) Cursor()
    {
        lock (gate)
        {
            if (done.Count == 0) return (next, []);
            var bits = new byte[(done.Max() - next) / 8 + 1];
            foreach (var offset in done) bits[(offset - next) / 8] |= (byte)(1 << (int)((offset - next) % 8));
            return (next, bits);
        }
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
