using System.Text.Json.Nodes;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>A customer with an order, and what notification-service makes of it.</summary>
public abstract class MailScenario(ServiceProcess service) : IDisposable
{
    protected static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    protected ServiceProcess Service => service;

    protected string User { get; } = $"u-{Guid.NewGuid():N}";

    protected string Order { get; } = $"ORD-{Guid.NewGuid():N}"[..30].ToUpperInvariant();

    public void Dispose()
    {
        Service.Sidecar.OnMail = _ => null;
        Service.Sidecar.OnMailed = _ => Task.CompletedTask;
        GC.SuppressFinalize(this);
    }

    protected string Send(string type, string facts)
    {
        var data = JsonNode.Parse(facts)!;
        data["items"] = JsonNode.Parse("""[{"product_id":"PROD-001","quantity":2,"price":149.99,"item_total":299.98}]""");
        data["total_amount"] = 299.98m;
        return Events.New("notification.send", $$"""{"user_id":"{{User}}","recipient_email":"{{User}}@example.com","notification_type":"{{type}}","order_id":"{{Order}}","data":{{data.ToJsonString()}}}""");
    }

    protected Task<Mail> Mailed(string subject) => Eventually.Get(() => Task.FromResult(Service.Sidecar.Mails.FirstOrDefault(m => m.Subject == subject)), Soon, $"the mail «{subject}»");

    protected async Task<List<JsonNode>> Rows() => [.. (await Service.Get($"/notifications/user/{User}"))["notifications"]!.AsArray().Select(n => n!)];

    protected Task<JsonNode> Row(string status) => Eventually.Get(async () => (await Rows()).FirstOrDefault(n => (string?)n["status"] == status), Soon, $"a {status} notification");
}
