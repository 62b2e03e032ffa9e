namespace Ecom.Tool;

sealed record OrderRow(string Id, string Customer, string Status, decimal Total, bool Closed)
{
    public bool Fulfilled => Status == "FULFILLED";
    public bool Ended => Fulfilled || Status == "CANCELLED" && Closed;
}

sealed record LineRow(string OrderId, string ProductId, int Quantity);

sealed record PaymentRow(string OrderId, string Status, decimal Amount)
{
    public bool Kept => Status == "PROCESSED";
    public bool Charged => Kept || Status == "REFUNDED";
}

/// <summary>What the payment gateway's own book says that it keeps of an order.</summary>
sealed record GatewayRow(string OrderId, decimal Kept);

sealed record ProductRow(string Id, int Stock, int Reserved, int Initial, int Restocked);

sealed record ReservationRow(string OrderId, string ProductId, int Quantity, string Status)
{
    public bool Held => Status == "RESERVED";
}

sealed record MailRow(string OrderId, string Kind, string Status);

sealed record UnsentRow(string App, int Events, int Parked);

/// <summary>What the services wrote down, each in its own database, laid side by side: whatever does not add up is a mismatch.</summary>
sealed record Books(
    IReadOnlyList<OrderRow> Orders,
    IReadOnlyList<LineRow> Lines,
    IReadOnlyList<PaymentRow> Payments,
    IReadOnlyList<GatewayRow> Gateway,
    IReadOnlyList<ProductRow> Products,
    IReadOnlyList<ReservationRow> Reservations,
    IReadOnlyList<MailRow> Mails,
    IReadOnlyList<UnsentRow> Unsent)
{
    public IReadOnlyList<OrderRow> Open => field ??= [.. Orders.Where(order => !order.Ended)];
    public decimal Charged => Payments.Where(payment => payment.Charged).Sum(payment => payment.Amount);
    public decimal Refunded => Payments.Where(payment => payment.Status == "REFUNDED").Sum(payment => payment.Amount);
    public decimal Sold => Orders.Where(order => order.Fulfilled).Sum(order => order.Total);

    public int UnitsSold => Lines.Where(line => FulfilledIds.Contains(line.OrderId)).Sum(line => line.Quantity);
    public int UnitsReserved => Reservations.Where(reservation => reservation.Held && !FulfilledIds.Contains(reservation.OrderId)).Sum(reservation => reservation.Quantity);

    /// <summary>Events and mails in a queue.</summary>
    public int Waiting => Unsent.Sum(outbox => outbox.Events) + Mails.Count(mail => mail.Status == "PENDING");

    HashSet<string> FulfilledIds => field ??= [.. Orders.Where(order => order.Fulfilled).Select(order => order.Id)];

    public static async Task<Books> Read(ServiceData data, CancellationToken cancel) => new(
        await data.Query("order-service", "SELECT order_id, user_id, status, total_amount, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END FROM orders",
            row => new OrderRow(row.GetString(0), row.GetString(1), row.GetString(2), row.GetDecimal(3), row.GetInt32(4) == 1), cancel),
        await data.Query("order-service", "SELECT order_id, product_id, quantity FROM order_items",
            row => new LineRow(row.GetString(0), row.GetString(1), row.GetInt32(2)), cancel),
        await data.Query("payment-service", "SELECT order_id, status, amount FROM payments",
            row => new PaymentRow(row.GetString(0), row.GetString(1), row.GetDecimal(2)), cancel),
        await data.Query("payment-service", "SELECT order_id, CASE WHEN declined IS NULL AND voided_at IS NULL THEN amount ELSE 0 END FROM gateway_charges",
            row => new GatewayRow(row.GetString(0), row.GetDecimal(1)), cancel),
        await data.Query("inventory-service", "SELECT product_id, stock, reserved, initial_stock, restocked FROM products",
            row => new ProductRow(row.GetString(0), row.GetInt32(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4)), cancel),
        await data.Query("inventory-service", "SELECT order_id, product_id, quantity, status FROM stock_reservations",
            row => new ReservationRow(row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetString(3)), cancel),
        await data.Query("notification-service",
            "SELECT order_id, kind, status FROM notifications WHERE order_id IS NOT NULL AND kind IN ('fulfilled', 'cancelled_payment', 'cancelled_stock', 'cancelled')",
            row => new MailRow(row.GetString(0), row.GetString(1), row.GetString(2)), cancel),
        await ReadUnsent(data, cancel));

    /// <summary><see cref="Waiting"/> without reading everything.</summary>
    public static async Task<int> CountWaiting(ServiceData data, CancellationToken cancel) => (await ReadUnsent(data, cancel)).Sum(outbox => outbox.Events)
        + (await data.Query("notification-service", "SELECT CAST(count(*) AS integer) FROM notifications WHERE status = 'PENDING'", row => row.GetInt32(0), cancel))[0];

    public IReadOnlyList<string> Mismatches() => [.. OrderMismatches(), .. StockMismatches(), .. MoneyMismatches(), .. MailMismatches(),
        .. Unsent.Where(outbox => outbox.Events > 0).Select(outbox => $"outbox: {outbox.App} has {outbox.Events} unsent events"),
        .. Unsent.Where(outbox => outbox.Parked > 0).Select(outbox => $"outbox: {outbox.App} has {outbox.Parked} parked events (ecom outbox list)")];

    static async Task<IReadOnlyList<UnsentRow>> ReadUnsent(ServiceData data, CancellationToken cancel)
    {
        string[] senders = ["order-service", "payment-service", "inventory-service", "notification-service"];
        var unsent = new List<UnsentRow>();
        foreach (var app in senders)
            unsent.AddRange(await data.Query(app, "SELECT CAST(count(*) AS integer), CAST(count(parked_at) AS integer) FROM outbox_events",
                row => new UnsentRow(app, row.GetInt32(0) - row.GetInt32(1), row.GetInt32(1)), cancel));
        return unsent;
    }

    IEnumerable<string> OrderMismatches()
    {
        var reserved = Reservations.Where(reservation => reservation.Held).ToLookup(reservation => reservation.OrderId);
        var lines = Lines.ToLookup(line => line.OrderId);
        foreach (var order in Orders.Where(order => order.Fulfilled))
        {
            var ordered = Units(lines[order.Id].Select(line => (line.ProductId, line.Quantity)));
            var left = Units(reserved[order.Id].Select(reservation => (reservation.ProductId, reservation.Quantity)));
            if (ordered != left)
                yield return $"stock: {order.Id} is fulfilled with {ordered} but {(left.Length == 0 ? "nothing" : left)} was reserved for it";
        }
        foreach (var order in Orders.Where(order => order.Status == "CANCELLED" && order.Closed && reserved.Contains(order.Id)))
            yield return $"stock: {order.Id} is cancelled but still holds {Units(reserved[order.Id].Select(held => (held.ProductId, held.Quantity)))}";
        var known = Orders.Select(order => order.Id).ToHashSet();
        foreach (var stranger in reserved.Select(held => held.Key).Concat(Payments.Select(payment => payment.OrderId)).Where(id => !known.Contains(id)).Distinct())
            yield return $"order: {stranger} has stock or a payment but order-service does not know it";
    }

    IEnumerable<string> StockMismatches()
    {
        var sold = Lines.Where(line => FulfilledIds.Contains(line.OrderId)).ToLookup(line => line.ProductId, line => line.Quantity);
        var held = Reservations.Where(reservation => reservation.Held).ToLookup(reservation => reservation.ProductId);
        foreach (var product in Products)
        {
            var open = held[product.Id].Where(reservation => !FulfilledIds.Contains(reservation.OrderId)).Sum(reservation => reservation.Quantity);
            var (have, should) = (product.Stock + open, product.Initial + product.Restocked - sold[product.Id].Sum());
            if (have != should)
                yield return $"stock: {product.Id} has {product.Stock} + {open} reserved = {have}, but {product.Initial} initial + {product.Restocked} restocked - {sold[product.Id].Sum()} fulfilled = {should}";
            if (product.Reserved != held[product.Id].Sum(reservation => reservation.Quantity))
                yield return $"stock: {product.Id} counts {product.Reserved} reserved, its reservations are {held[product.Id].Sum(reservation => reservation.Quantity)}";
            if (product.Stock < 0)
                yield return $"stock: {product.Id} has {product.Stock}";
        }
    }

    IEnumerable<string> MoneyMismatches()
    {
        var payments = Payments.ToLookup(payment => payment.OrderId);
        foreach (var order in Orders.Where(order => order.Ended))
        {
            var kept = payments[order.Id].Where(payment => payment.Kept).Sum(payment => payment.Amount);
            if (order.Fulfilled && kept != order.Total)
                yield return $"money: {order.Id} is fulfilled for {order.Total} but {kept} was charged";
            if (!order.Fulfilled && kept != 0)
                yield return $"money: {order.Id} is cancelled but {kept} was not refunded";
        }
        var opened = Open.Select(order => order.Id).ToHashSet();
        var gateway = Gateway.ToDictionary(charge => charge.OrderId, charge => charge.Kept);
        foreach (var order in Orders.Select(order => order.Id).Union(gateway.Keys).Where(id => !opened.Contains(id)))
        {
            var (ours, theirs) = (payments[order].Where(payment => payment.Kept).Sum(payment => payment.Amount), gateway.GetValueOrDefault(order));
            if (ours != theirs)
                yield return $"money: {order} has {ours} in our book and {theirs} in the gateway's";
        }
        var inFlight = Payments.Where(payment => payment.Kept && opened.Contains(payment.OrderId)).Sum(payment => payment.Amount);
        if (Charged != Sold + Refunded + inFlight)
            yield return $"money: {Charged} charged, but {Sold} fulfilled + {Refunded} refunded{(inFlight == 0 ? "" : $" + {inFlight} of open orders")} = {Sold + Refunded + inFlight}";
    }

    IEnumerable<string> MailMismatches()
    {
        var mails = Mails.ToLookup(mail => mail.OrderId);
        foreach (var order in Orders.Where(order => order.Ended))
        {
            var sent = mails[order.Id].Count(mail => mail.Status == "SENT");
            if (sent != 1 || mails[order.Id].Count() != 1)
                yield return $"mail: {order.Id} is {order.Status.ToLowerInvariant()} and has {sent} mails sent ({mails[order.Id].Count()} written)";
            else if (mails[order.Id].First().Kind == "fulfilled" != order.Fulfilled)
                yield return $"mail: {order.Id} is {order.Status.ToLowerInvariant()} but its mail says {mails[order.Id].First().Kind}";
        }
    }

    static string Units(IEnumerable<(string Product, int Quantity)> units) =>
        string.Join(", ", units.GroupBy(unit => unit.Product).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Sum(unit => unit.Quantity)} x {group.Key}"));
}
