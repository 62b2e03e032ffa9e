using Ecom.Hosting;
using Microsoft.AspNetCore.DataProtection;
using MudBlazor.Services;

namespace Ecom.Analytics.Pages;

/// <summary>The shop as pages: Blazor, drawn here and pushed to the browser over a socket of its own.</summary>
public static class PageSetup
{
    static readonly TimeSpan ShelfEvery = TimeSpan.FromSeconds(1), HealthEvery = TimeSpan.FromSeconds(2);

    public static void AddPages(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddMudServices();
        // A page lives as long as this process, and so do its keys.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        // All the same this would make one at each start, and keep it in somebody's home.
        services.Remove(services.Single(service => service.ImplementationType?.Name == "DataProtectionHostedService"));
        services.AddSingleton<PageFiles>().AddSingleton(new PageTime(builder.Configuration.TimeZone())).AddSingleton(new TraceLink(builder.Configuration));
        services.AddSingleton<ShopServices>().AddSingleton<Outcomes>().AddScoped<Visit>();
        services.AddSingleton<HealthWatch>().AddSingleton<Letters>().AddScoped<Operator>();
        services.AddLive<Answer<ProductList>, ShopServices>(ShelfEvery, (shop, ct) => shop.Products(ct)).AddLive<ShopHealth, HealthWatch>(HealthEvery, (health, ct) => health.Look(ct));
    }

    public static void MapPages(this WebApplication app)
    {
        app.UseAntiforgery();
        PageFiles.Map(app);
        // Whoever comes gets the document; what is in it depends on who it was written for. It says itself who may frame it: nobody.
        app.MapRazorComponents<Document>().AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null).Streaming().ForEveryone();
    }

    static IServiceCollection AddLive<T, TSource>(this IServiceCollection services, TimeSpan every, Func<TSource, CancellationToken, Task<T>> look) where T : class where TSource : notnull =>
        services.AddSingleton(provider =>
        {
            var source = provider.GetRequiredService<TSource>();
            return new Live<T>(ct => look(source, ct), every, provider.GetRequiredService<TimeProvider>());
        });
}
