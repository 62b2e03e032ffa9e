namespace Ecom.Tool;

/// <summary>What a customer was told: an order, and, when nobody answered in all that time, why not.</summary>
sealed record Heard(string Customer, string? OrderId, string? WhyNot);

/// <summary>
/// What customers were told, laid beside order-service's book. The audit begins at the orders that are there; an order that was promised and is not
/// there is found here, and one too many.
/// </summary>
sealed record Verdict(int Lost, int Twice, int Stuck, int Unanswered, IReadOnlyList<string> Findings)
{
    public static Verdict Of(IReadOnlyList<Heard> heard, IReadOnlyList<OrderRow> orders)
    {
        var (known, theirs) = (orders.ToDictionary(order => order.Id), orders.ToLookup(order => order.Customer));
        string[] unanswered = [.. heard.Where(customer => customer.WhyNot is not null).Select(customer => $"answer: {customer.Customer} got none: {customer.WhyNot}")];
        string[] lost = [.. heard.Where(customer => customer.OrderId is { } id && !known.ContainsKey(id)).Select(customer => $"order: {customer.Customer} was told {customer.OrderId}, and there is no such order")];
        string[] twice = [.. from customer in heard
                             from order in theirs[customer.Customer].Where(order => order.Id != customer.OrderId).Skip(customer.OrderId is null ? 1 : 0)
                             select $"order: {customer.Customer} checked out once ({customer.OrderId ?? "not answered"}) and has {order.Id}, too"];
        string[] stuck = [.. heard.SelectMany(customer => theirs[customer.Customer]).Where(order => !order.Ended).Select(order => $"order: {order.Id} of {order.Customer} is {order.Status} and has not ended")];
        return new(lost.Length, twice.Length, stuck.Length, unanswered.Length, [.. unanswered, .. lost, .. twice, .. stuck]);
    }

    /// <summary>What only time can heal is not there (any more).</summary>
    public bool IsQuiet => Lost + Stuck == 0;
}
