using Dapr.Client;
using Ecom.Carts;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.Extensions.Caching.Memory;

if (args is [SelfCheck.Argument])
    return await SelfCheck.Run();
var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Cart);
builder.Services
    .AddSingleton(new CartOptions(TimeSpan.FromHours(builder.Configuration.Number("CART_TTL_HOURS", 24, 0.001, 24 * 365))))
    .AddSingleton<Documents>().AddSingleton<CartStore>().AddSingleton<Checkouts>()
    .AddSingleton<CartMetrics>().AddSingleton<DueList>().AddSingleton<Duties>().AddSingleton<CartOutbox>().AddHostedService<Sweeper>()
    .AddMemoryCache()
    .AddSingleton(services => new Ecom.Carts.Catalogue(
        services.GetRequiredService<DaprClient>().CreateInvokableHttpClient(AppIds.Inventory), services.GetRequiredService<IMemoryCache>()));

var app = builder.Build();
app.MapEcomDefaults();
app.MapCarts();
return await app.RunEcom(args);
