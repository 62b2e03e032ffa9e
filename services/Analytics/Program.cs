using Ecom.Analytics;
using Ecom.Analytics.Pages;
using Ecom.Contracts;
using Ecom.Hosting;

if (args is [SelfCheck.Argument])
    return await SelfCheck.Run();
var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Analytics);
builder.AddEcomDb<AnalyticsDb>(AppIds.Analytics);
builder.AddAnalyticsEngine();
builder.AddPages();
builder.AddJournal();

var app = builder.Build();
app.MapEcomDefaults();
app.MapAnalytics();
app.MapPages();
return await app.RunEcom<AnalyticsDb>(args);
