namespace Ecom.Carts;

/// <summary>
/// The lanes of the customers whose carts change right now or still owe something. A cart is on the <see cref="DueList"/>
/// before its change is saved and as long as its lane lives, so that a replica finds what another left when it died.
/// </summary>
public sealed class CartOutbox(DueList due, Duties duties, TimeProvider clock, ILogger<CartOutbox> log)
{
    /// <summary>A lane outlives its last change a little: the next one in a row needs no new entry.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>Well within <see cref="DueList.Silence"/>, after which others take the cart over.</summary>
    static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(5);
    readonly Dictionary<string, Lane> lanes = [];

    /// <summary>The lane of a cart that was just read, its entry on the due list; whoever opens it leaves it.</summary>
    public async Task<Lane> Open(Cart cart)
    {
        var (lane, isNew) = Visit(cart.UserId);
        try
        {
            if ((await Enter(lane)).Alone && isNew)
                lane.AllIsDone(cart);
            return lane;
        }
        catch
        {
            lane.Leave();
            throw;
        }
    }

    /// <summary>Takes over the carts that replicas left on the due list when they died.</summary>
    public async Task TakeOver() => await Task.WhenAll((await due.Silent()).Select(TakeOver));

    /// <summary>Forgets lanes that have been idle for a while and keeps the others' entries fresh.</summary>
    public async Task Tidy(TimeSpan linger)
    {
        List<Lane> busy;
        lock (lanes)
        {
            foreach (var lane in lanes.Values.Where(lane => lane.IsIdle(linger)).ToList())
            {
                lanes.Remove(lane.UserId);
                due.Leave(lane.UserId);
            }
            busy = [.. lanes.Values];
        }
        await Task.WhenAll([due.Flush(), .. busy.Select(Enter)]);
    }

    public IReadOnlyList<Lane> Stuck()
    {
        lock (lanes)
            return [.. lanes.Values.Where(lane => lane.IsStuck)];
    }

    async Task TakeOver(string userId)
    {
        var (lane, _) = Visit(userId);
        try
        {
            lane.Doubt();
            await Enter(lane);
        }
        finally
        {
            lane.Leave();
        }
    }

    (Lane Lane, bool IsNew) Visit(string userId)
    {
        lock (lanes)
        {
            var isNew = !lanes.TryGetValue(userId, out var lane);
            if (lane is null)
                lanes.Add(userId, lane = new(userId, duties, clock, log));
            lane.Visit();
            return (lane, isNew);
        }
    }

    async Task<Entered> Enter(Lane lane)
    {
        Task<Entered> entering;
        lock (lanes)
        {
            if (lane.Entry is not { } entry || entry.Entering.IsFaulted || clock.GetElapsedTime(entry.Since) > RenewAfter)
                lane.Entry = entry = (due.Enter(lane.UserId), clock.GetTimestamp());
            entering = entry.Entering;
        }
        var entered = await entering;
        if (entered.TookOver)
            lane.Doubt();
        return entered;
    }
}
