using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments.Gateway;

/// <summary>A line of the gateway's own book.</summary>
public sealed class GatewayCharge
{
    public required string OrderId { get; init; }
    public required decimal Amount { get; init; }

    /// <summary>Null: the amount was taken.</summary>
    public string? Declined { get; init; }
    public DateTimeOffset? VoidedAt { get; init; }
}

/// <summary>
/// The simulated gateway's book, one line an order, written in transactions of its own as the other company's would be.
/// The audit holds it against the payments, cent by cent. No slice of payment-service reads it.
/// </summary>
public sealed class GatewayBook(IServiceScopeFactory scopes, TimeProvider clock)
{
    const string Voided = "voided";

    /// <summary>Enters a charge. The first entry of an order stays, also where it says that nothing shall be charged.</summary>
    /// <returns>Why nothing was taken; null: the amount was taken.</returns>
    public async Task<string?> Enter(string orderId, decimal amount, string? declined, CancellationToken ct) =>
        (await Write("INSERT INTO {0} (order_id, amount, declined) VALUES ({{0}}, {{1}}, {{2}}) ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id RETURNING *",
            [orderId, amount, declined], ct)).Declined;

    /// <returns>What was taken before, and is given back.</returns>
    public async Task<decimal> Void(string orderId, CancellationToken ct)
    {
        var charge = await Write("INSERT INTO {0} AS book (order_id, amount, declined, voided_at) VALUES ({{0}}, 0, {{1}}, {{2}}) "
            + "ON CONFLICT (order_id) DO UPDATE SET voided_at = coalesce(book.voided_at, excluded.voided_at) RETURNING *", [orderId, Voided, clock.GetUtcNow()], ct);
        return charge.Declined is null ? charge.Amount : 0;
    }

    async Task<GatewayCharge> Write(string sql, object?[] values, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentDb>();
        var table = db.Model.FindEntityType(typeof(GatewayCharge))!.GetSchemaQualifiedTableName();
        using (await db.WritersTurn(ct))
#pragma warning disable EF1002 // The table's name is the model's own; the values are parameters.
            return (await db.GatewayCharges.FromSqlRaw(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, table), [.. values.Select(v => Value(db, v))]).AsNoTracking().ToListAsync(ct)).Single();
#pragma warning restore EF1002
    }

    static object Value(PaymentDb db, object? value) => value switch
    {
        null => DBNull.Value,
        DateTimeOffset time when db.Database.IsSqlite() => time.UtcDateTime,
        _ => value,
    };
}
