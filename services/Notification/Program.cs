using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Notifications;

if (args is [SelfCheck.Argument])
    return await SelfCheck.Run();
var builder = WebApplication.CreateBuilder(args);
builder.AddEcomDefaults(AppIds.Notification);
builder.AddEcomDb<NotificationDb>(AppIds.Notification);
builder.Services.AddSingleton(new MailOptions(
        From: builder.Configuration.Address("MAIL_FROM", "noreply@ecom.local"),
        Admin: builder.Configuration.Address("ADMIN_EMAIL", "admin@ecom.local"),
        TimeZone: builder.Configuration.TimeZone()));
builder.AddQueue<SendMails, NotificationDb>();
// A stop waits for the mail that is under way.
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = SendMails.Deadline + TimeSpan.FromSeconds(2));

var app = builder.Build();
app.MapEcomDefaults();
app.MapNotifications();
return await app.RunEcom<NotificationDb>(args);
