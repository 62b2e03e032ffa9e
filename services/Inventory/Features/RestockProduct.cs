using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

public sealed record RestockRequest(int Quantity);

public static class RestockProduct
{
    public const int MaxQuantity = 100_000;

    public static async Task<Results<Ok<ProductResponse>, ProblemHttpResult>> Handle([FromRoute(Name = "product_id")] string productId, RestockRequest request, InventoryDb db, CancellationToken ct)
    {
        var quantity = request.Quantity;
        if (quantity is < 1 or > MaxQuantity)
            return Problems.Refused($"quantity must be 1 to {MaxQuantity}.");
        var found = await db.InTransaction(async () =>
            await db.Products.Where(p => p.ProductId == productId && p.Restocked <= int.MaxValue / 2).ExecuteUpdateAsync(set => set
                .SetProperty(p => p.Stock, p => p.Stock + quantity)
                .SetProperty(p => p.Restocked, p => p.Restocked + quantity)
                .SetProperty(p => p.Version, p => p.Version + 1), ct) == 1, ct);
        return await db.Products.AsNoTracking().SingleOrDefaultAsync(p => p.ProductId == productId, ct) switch
        {
            null => Problems.NotFound($"There is no product {productId}."),
            _ when !found => Problems.Conflict($"Product {productId} was restocked too often: more cannot be counted."),
            var product => TypedResults.Ok(product.ToResponse()),
        };
    }
}
