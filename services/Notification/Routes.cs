using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Notifications;

public static class Routes
{
    public static void MapNotifications(this WebApplication app)
    {
        app.MapApi("/notifications").WithTags("Notifications").MapGet("/user/{user_id}", ReadNotifications.OfUser);

        app.MapTopic<NotificationSend, NotificationDb>(TellCustomer.Handle);
        app.MapTopic<InventoryLow, NotificationDb>(TellAdmin.LowStock);
        app.MapTopic<InventoryDepleted, NotificationDb>(TellAdmin.Depleted);
        app.MapTopic<FraudDetected, NotificationDb>(TellAdmin.Fraud);
    }
}
