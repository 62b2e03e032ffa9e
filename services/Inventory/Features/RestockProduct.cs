using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

public sealed record RestockRequest(int Quantity);

/// <summary>Puts units on the shelf; with the same Idempotency-Key within a day once, whoever asks again gets the first answer.</summary>
public static class RestockProduct
{
    public const int MaxQuantity = 100_000;
    static readonly TimeSpan Remembered = TimeSpan.FromHours(24);

    public static async Task<Results<Ok<ProductResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "product_id")] string productId, [FromHeader(Name = "Idempotency-Key")] string? key, RestockRequest request, InventoryDb db, TimeProvider clock, CancellationToken ct)
    {
        var quantity = request.Quantity;
        if (Check.First(key is null ? null : Check.Id("Idempotency-Key", key), quantity is < 1 or > MaxQuantity ? $"quantity must be 1 to {MaxQuantity}" : null) is { } fault)
            return Problems.Refused(fault + ".");
        Results<Ok<ProductResponse>, ProblemHttpResult> answer = Problems.NotFound($"There is no product {productId}.");
        await db.InTransaction(async () =>
        {
            // Whoever comes with the same key at the same time waits here.
            if (await db.Held([productId], ct) is not [var product])
                return;
            var now = clock.GetUtcNow();
            if (key is not null && await Made(db, productId, key, now, ct) is { } made)
                answer = made.Quantity == quantity ? TypedResults.Ok(product.ToResponse(made)) : Problems.Refused("This Idempotency-Key belongs to a restock with another quantity.");
            else if (!product.Restock(quantity))
                answer = Problems.Conflict($"Product {productId} was restocked too often: more cannot be counted.");
            else
            {
                answer = TypedResults.Ok(product.ToResponse());
                if (key is not null)
                    db.Restocks.Add(Restock.Of(product, key, quantity, now));
            }
        }, ct);
        return answer;
    }

    static async Task<Restock?> Made(InventoryDb db, string productId, string key, DateTimeOffset now, CancellationToken ct)
    {
        var before = now - Remembered;
        await db.Restocks.Where(old => old.At <= before).ExecuteDeleteAsync(ct);
        return await db.Restocks.AsNoTracking().SingleOrDefaultAsync(r => r.ProductId == productId && r.IdempotencyKey == key, ct);
    }

    /// <summary>The answer that was given then.</summary>
    static ProductResponse ToResponse(this Product product, Restock made) => product.ToResponse() with { Stock = made.Stock, Reserved = made.Reserved, Restocked = made.Restocked };
}
