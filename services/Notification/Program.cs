using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Notifications;

var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Notification);
builder.AddEcomDb<NotificationDb>(AppIds.Notification);
builder.Services
    .AddSingleton(new MailOptions(
        From: builder.Configuration.Address("MAIL_FROM", "noreply@ecom.local"),
        Admin: builder.Configuration.Address("ADMIN_EMAIL", "admin@ecom.local"),
        TimeZone: builder.Configuration.TimeZone()))
    .AddSingleton<IOutboxSink, MailSink>();

var app = builder.Build();
app.MapEcomDefaults();
app.MapNotifications();
return await app.RunEcom<NotificationDb>(args);
