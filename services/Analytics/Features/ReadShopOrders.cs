using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>Which orders, the newest first.</summary>
/// <param name="State">One of <see cref="OrderState"/>.</param>
/// <param name="Search">How an order's id or a user's begins.</param>
/// <param name="After">The <see cref="ShopOrderPage.Next"/> of the page before.</param>
public sealed record ShopOrderQuery(string? State = null, string? Search = null, string? After = null, int Limit = 20)
{
    public string? Fault() => this switch
    {
        { Limit: < 1 or > 100 } => "limit must be 1 to 100.",
        { State: { } state } when !Enum.GetNames<OrderState>().Contains(state) => $"state must be one of {string.Join(", ", Enum.GetNames<OrderState>())}.",
        { Search: { } search } when Check.Id("search", search) is { } fault => fault + ".",
        { After: { } after } when Cursor.Read<OrderPlace>(after) is null => Cursor.Fault,
        _ => null,
    };
}

public sealed record ShopOrderResponse(string OrderId, string? UserId, string State, decimal? TotalAmount, int? Items, string? Reason, string? CancellationSource,
    DateTimeOffset PlacedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt, string? TraceId);

/// <param name="Next">Where the next page begins; null: this is the last.</param>
public sealed record ShopOrderPage(IReadOnlyList<ShopOrderResponse> Orders, string? Next);

/// <summary>How many orders stand where.</summary>
public sealed record OrderCounts(int Pending, int Paid, int Fulfilled, int Cancelled);

sealed record OrderPlace(DateTimeOffset PlacedAt, string OrderId);

/// <summary>The shop's orders by what the journal knows of them.</summary>
public static class ReadShopOrders
{
    public static async Task<Results<Ok<ShopOrderPage>, ProblemHttpResult>> Page([AsParameters] ShopOrderQuery query, AnalyticsDb db, CancellationToken ct) =>
        query.Fault() is { } fault ? Problems.Refused(fault) : TypedResults.Ok(await Of(db, query, ct));

    public static async Task<ShopOrderPage> Of(AnalyticsDb db, ShopOrderQuery query, CancellationToken ct)
    {
        var orders = db.Orders.AsNoTracking();
        if (query.State is { } name)
        {
            var state = Enum.Parse<OrderState>(name);
            orders = orders.Where(o => o.State == state);
        }
        if (query.Search is { Length: > 0 } search)
            orders = orders.Where(o => o.OrderId.StartsWith(search) || o.UserId!.StartsWith(search));
        if (query.After is { } after && Cursor.Read<OrderPlace>(after) is var (placedAt, orderId))
            orders = orders.Where(o => o.PlacedAt < placedAt || o.PlacedAt == placedAt && string.Compare(o.OrderId, orderId) < 0);
        var page = await orders.OrderByDescending(o => o.PlacedAt).ThenByDescending(o => o.OrderId).Take(query.Limit + 1).ToListAsync(ct);
        var next = page.Count > query.Limit ? Cursor.Write(new OrderPlace(page[query.Limit - 1].PlacedAt, page[query.Limit - 1].OrderId)) : null;
        return new([.. page.Take(query.Limit).Select(ToResponse)], next);
    }

    static ShopOrderResponse ToResponse(ShopOrder o) => new(o.OrderId, o.UserId, o.State.ToString(), o.TotalAmount, o.Items, o.Reason, o.CancellationSource,
        o.PlacedAt, o.UpdatedAt, o.EndedAt, JournalEntry.TraceOf(o.TraceParent));
}
