using Dapr.Client;
using Ecom.Carts;
using Ecom.Contracts;
using Ecom.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Cart);
builder.Services
    .AddSingleton(new CartOptions(TimeSpan.FromHours(builder.Configuration.Number("CART_TTL_HOURS", 24, 0.001, 24 * 365))))
    .AddSingleton<Published>()
    .AddSingleton<CartStore>()
    .AddSingleton(services => new Ecom.Carts.Catalogue(services.GetRequiredService<DaprClient>().CreateInvokableHttpClient(AppIds.Inventory)));

var app = builder.Build();
app.MapEcomDefaults();
app.MapCarts();
return await app.RunEcom(args);
