namespace Ecom.Contracts;

/// <summary>Value checks of facts: each answers what is wrong in plain words, or null.</summary>
public static class Check
{
    public const decimal MaxMoney = 9_999_999_999.99m;
    public const int MaxQuantity = 999;

    public static string? First(params ReadOnlySpan<string?> faults)
    {
        foreach (var fault in faults)
            if (fault is not null)
                return fault;
        return null;
    }

    public static string? Id(string name, string? id) =>
        Ids.IsValid(id) ? null : $"{name} must be 1 to {Ids.MaxLength} characters of A-Z, a-z, 0-9, '.', '_', '@', '-'";

    public static string? Money(string name, decimal amount) =>
        amount is >= 0 and <= MaxMoney && decimal.Round(amount, 2) == amount ? null : $"{name} must be 0 to {MaxMoney} with at most two decimal places";

    public static string? Count(string name, long count) => count >= 0 ? null : $"{name} must not be negative";

    public static string? Window(DateTimeOffset start, DateTimeOffset end) => start < end ? null : "window_end must be after window_start";

    public static string? Quantity(string name, int quantity) =>
        quantity is >= 1 and <= MaxQuantity ? null : $"{name} must be 1 to {MaxQuantity}";

    public static string? Text(string name, string? text) =>
        text is null || (text.Length <= 2000 && !text.Contains('\0')) ? null : $"{name} must be at most 2000 characters without NUL";

    public static string? OneOf(string name, string? value, IReadOnlyList<string> known) =>
        known.Contains(value) ? null : $"{name} must be one of {string.Join(", ", known)}";

    public static string? Lines(IReadOnlyList<OrderLine> items, decimal? total)
    {
        if (items is not { Count: > 0 })
            return "items must not be empty";
        foreach (var item in items)
            if (item is null)
                return "items must not hold null";
            else if (First(Id("product_id", item.ProductId), Quantity("quantity", item.Quantity), Money("price", item.Price), Money("item_total", item.ItemTotal)) is { } fault)
                return fault;
        return total is null || items.Sum(item => item.ItemTotal) == total ? null : "total_amount must be the sum of the item totals";
    }

    public static string? Lines(IReadOnlyList<StockLine> items)
    {
        foreach (var item in items)
            if (item is null)
                return "items must not hold null";
            else if (First(Id("product_id", item.ProductId), Quantity("quantity", item.Quantity)) is { } fault)
                return fault;
        return null;
    }
}
