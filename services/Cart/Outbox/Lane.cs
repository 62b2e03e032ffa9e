namespace Ecom.Carts;

/// <summary>
/// One customer's duties in this process, paid one at a time and in order. It lives while requests change the cart and
/// until all is paid; what it knows to be done saves work, and decides nothing when it is forgotten.
/// </summary>
public sealed partial class Lane(string userId, Duties duties, TimeProvider clock, ILogger log)
{
    /// <summary>More than one document can hold.</summary>
    const int KnownAsDone = 4 * Cart.MaxPending;
    readonly Lock gate = new();
    readonly Queue<Duty> queue = new();
    readonly Dictionary<string, Duty> queued = [];
    readonly HashSet<string> done = [];
    readonly Queue<string> doneInOrder = new();
    long used = clock.GetTimestamp();
    int visitors;
    bool paying, failing, doubtful;

    public string UserId => userId;

    /// <summary>The last time this process put the cart on the <see cref="DueList"/>.</summary>
    public (Task<Entered> Entering, long Since)? Entry { get; set; }

    public bool IsStuck
    {
        get
        {
            lock (gate)
                return !paying && (doubtful || queue.Count > 0);
        }
    }

    public bool IsIdle(TimeSpan linger)
    {
        lock (gate)
            return visitors == 0 && !paying && !doubtful && queue.Count == 0 && clock.GetElapsedTime(used) >= linger;
    }

    public void Visit()
    {
        lock (gate)
            visitors++;
    }

    public void Leave()
    {
        lock (gate)
            (visitors, used) = (visitors - 1, clock.GetTimestamp());
    }

    /// <summary>The stored cart may owe what this process does not know of: a save whose answer was lost, another replica that died.</summary>
    public void Doubt(bool really = true)
    {
        lock (gate)
            doubtful = really;
    }

    /// <summary>Nobody was on the due list after this cart was read: all that it owed is paid.</summary>
    public void AllIsDone(Cart cart)
    {
        lock (gate)
            foreach (var duty in duties.Of(cart))
                Done(duty.Id);
    }

    public Cart WithoutWhatIsDone(Cart cart)
    {
        lock (gate)
            return cart.Without(done.Contains);
    }

    /// <summary>Pays what the saved cart owes, in the background.</summary>
    /// <returns>True when the broker has all of its events, false when it does not have them for now.</returns>
    public Task<bool> Send(Cart cart)
    {
        lock (gate)
        {
            foreach (var duty in duties.Of(cart).Where(duty => !done.Contains(duty.Id) && queued.TryAdd(duty.Id, duty)))
                queue.Enqueue(duty);
            var answer = cart.Pending is [.., var last] && queued.TryGetValue(last.Id, out var waiting) ? waiting.Attempt : Task.FromResult(true);
            if (!paying && queue.Count > 0)
            {
                paying = true;
                _ = Task.Run(PayAll);
            }
            return answer;
        }
    }

    async Task PayAll()
    {
        while (NextDuty() is { } duty)
            try
            {
                await duty.Pay();
                Paid(duty);
            }
            catch (Exception e)
            {
                Failed(e);
                return;
            }
    }

    Duty? NextDuty()
    {
        lock (gate)
        {
            paying = queue.TryPeek(out var next);
            used = clock.GetTimestamp();
            return next;
        }
    }

    void Paid(Duty duty)
    {
        lock (gate)
        {
            queue.Dequeue();
            queued.Remove(duty.Id);
            Done(duty.Id);
            failing = false;
            duty.Ended(true);
        }
    }

    void Failed(Exception e)
    {
        lock (gate)
        {
            paying = false;
            foreach (var duty in queue)
                duty.Ended(false);
            if (!failing)
                LogWaits(log, queue.Count, e.GetBaseException().Message);
            failing = true;
        }
    }

    void Done(string dutyId)
    {
        if (!done.Add(dutyId))
            return;
        doneInOrder.Enqueue(dutyId);
        if (doneInOrder.Count > KnownAsDone)
            done.Remove(doneInOrder.Dequeue());
    }

    [LoggerMessage(LogLevel.Warning, "{Count} events and keys of a cart wait: {Reason}")]
    static partial void LogWaits(ILogger log, int count, string reason);
}
