using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Inventory;

if (args is [SelfCheck.Argument])
    return await SelfCheck.Run();
var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Inventory);
builder.AddEcomDb<InventoryDb>(AppIds.Inventory);
builder.Services.AddSingleton(new StockOptions(
    Initial: builder.Configuration.Int("INITIAL_STOCK", 100, 0, 1_000_000),
    LowThreshold: builder.Configuration.Int("LOW_STOCK_THRESHOLD", 10, 0, 1_000_000)));

var app = builder.Build();
app.MapEcomDefaults();
app.MapInventory();
return await app.RunEcom<InventoryDb>(args, db => db.Seed(app.Services.GetRequiredService<StockOptions>()));
