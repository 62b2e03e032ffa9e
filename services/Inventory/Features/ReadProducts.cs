using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

public sealed record ProductResponse(string ProductId, string Name, decimal Price, int Stock, int Reserved, int InitialStock, int Restocked);

public sealed record ProductPage(IReadOnlyList<ProductResponse> Products, int TotalProducts, int Limit, int Offset);

public static class ReadProducts
{
    public static async Task<Results<Ok<ProductPage>, ProblemHttpResult>> Page(InventoryDb db, CancellationToken ct, int limit = 50, int offset = 0)
    {
        if (limit is < 1 or > 100 || offset < 0)
            return Problems.Refused("limit must be 1 to 100, offset 0 or more.");
        var page = await db.Products.AsNoTracking().OrderBy(p => p.ProductId).Skip(offset).Take(limit).ToListAsync(ct);
        return TypedResults.Ok(new ProductPage([.. page.Select(ToResponse)], await db.Products.CountAsync(ct), limit, offset));
    }

    public static async Task<Results<Ok<ProductResponse>, ProblemHttpResult>> One([FromRoute(Name = "product_id")] string productId, InventoryDb db, CancellationToken ct) =>
        await db.Products.AsNoTracking().SingleOrDefaultAsync(p => p.ProductId == productId, ct) is { } product
            ? TypedResults.Ok(product.ToResponse())
            : Problems.NotFound($"There is no product {productId}.");

    public static ProductResponse ToResponse(this Product p) => new(p.ProductId, p.Name, p.Price, p.Stock, p.Reserved, p.InitialStock, p.Restocked);
}
