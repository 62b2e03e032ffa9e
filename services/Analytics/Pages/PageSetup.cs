using Ecom.Hosting;
using Microsoft.AspNetCore.DataProtection;
using MudBlazor.Services;

namespace Ecom.Analytics.Pages;

/// <summary>The shop as pages: Blazor, drawn here and pushed to the browser over a socket of its own.</summary>
public static class PageSetup
{
    public static void AddPages(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        builder.Services.AddMudServices(mud => mud.SnackbarConfiguration.PositionClass = MudBlazor.Defaults.Classes.Position.BottomCenter);
        // A page lives as long as this process, and so do its keys.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddSingleton<PageFiles>().AddSingleton(new PageTime(builder.Configuration.TimeZone())).AddSingleton(new TraceLink(builder.Configuration));
    }

    public static void MapPages(this WebApplication app)
    {
        app.UseAntiforgery();
        PageFiles.Map(app);
        // The document says itself who may frame it: nobody.
        app.MapRazorComponents<Document>().AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null);
    }
}
