namespace Ecom.Contracts;

/// <summary>A product of the shop.</summary>
public sealed record CatalogueItem(string Id, string Name, decimal Price);

/// <summary>The products that the shop is seeded with. No request changes a price, so a reader of events may look it up here.</summary>
public static class Catalogue
{
    public static IReadOnlyList<CatalogueItem> Products { get; } =
    [
        new("PROD-001", "Wireless Headphones", 149.99m),
        new("PROD-002", "USB-C Cable", 12.99m),
        new("PROD-003", "Phone Case", 19.99m),
        new("PROD-004", "Screen Protector", 9.99m),
        new("PROD-005", "Power Bank", 49.99m),
        new("PROD-006", "Laptop Stand", 39.99m),
        new("PROD-007", "Mechanical Keyboard", 99.99m),
        new("PROD-008", "Mouse Pad", 24.99m),
        new("PROD-009", "USB Hub", 29.99m),
        new("PROD-010", "Monitor Stand", 89.99m),
        new("PROD-011", "Desk Lamp", 34.99m),
        new("PROD-012", "Cable Organizer", 14.99m),
        new("PROD-013", "Webcam", 59.99m),
        new("PROD-014", "Microphone", 79.99m),
        new("PROD-015", "HDMI Cable", 15.99m),
        new("PROD-016", "SD Card 128GB", 34.99m),
        new("PROD-017", "External SSD 1TB", 129.99m),
        new("PROD-018", "Cooling Pad", 44.99m),
        new("PROD-019", "Keyboard Cover", 9.99m),
        new("PROD-020", "Phone Holder", 14.99m),
    ];

    /// <summary>For people. What is not in the catalogue has only its id.</summary>
    public static string NameOf(string productId) => Products.FirstOrDefault(product => product.Id == productId) is { } known ? $"{known.Name} ({known.Id})" : productId;
}
