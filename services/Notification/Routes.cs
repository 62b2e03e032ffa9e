using Ecom.Hosting;

namespace Ecom.Notifications;

public static class Routes
{
    public static void MapNotifications(this WebApplication app)
    {
        var notifications = app.MapApi("/notifications").WithTags("Notifications").Knows("status", Enum.GetNames<NotificationStatus>()).Knows("kind", Kinds.All);
        notifications.MapGet("/user/{user_id}", ReadNotifications.OfUser).Says("ReadNotificationsOfUser", "A customer's mails, the newest first").Paged().ForCustomer("user_id");
        notifications.MapGet("/order/{order_id}", ReadNotifications.OfOrder).Says("ReadNotificationsOfOrder", "The mails about an order, the newest first").Paged().ForObservers();

        app.MapTopic<NotificationDb>(TellCustomer.Handle);
        app.MapTopic<NotificationDb>(TellAdmin.LowStock);
        app.MapTopic<NotificationDb>(TellAdmin.Depleted);
        app.MapTopic<NotificationDb>(TellAdmin.Fraud);
    }
}
