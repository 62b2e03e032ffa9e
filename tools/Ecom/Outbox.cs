using System.CommandLine;
using System.Globalization;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>The outgoing events that the broker refused too often: they wait for an operator, who knows what was mended.</summary>
static class Outbox
{
    static readonly string[] Apps = [AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification, AppIds.Analytics];

    sealed record Row(string App, long Id, string Topic, string Key, int Attempts, DateTimeOffset CreatedAt, string Reason);

    public static Command Command() => new("outbox", "List, retry or discard the outgoing events that the broker refused too often.")
    {
        List(),
        Change("retry", "Send parked events again, with all their attempts before them.", mayAsk: false,
            "UPDATE outbox_events SET parked_at = NULL, retry_at = NULL, attempts = 0"),
        Change("discard", "Delete parked events for good: nobody will be told of them.", mayAsk: true, "DELETE FROM outbox_events"),
    };

    static Command List()
    {
        var (shop, service) = (new ShopOptions(), Service());
        var command = new Command("list", "List the parked events of all services, or of one.") { service };
        shop.AddDataTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var rows = await Parked(shop.Read(parsed).OwnData(), parsed.GetValue(service), null, cancel);
            if (rows.Count == 0)
                Terminal.Line($"no event is parked");
            else
                Terminal.Table(["service", "id", "topic", "key", "attempts", "age", "reason"], rows.Select(row => (string[])
                    [row.App, Text(row.Id), row.Topic, row.Key, Text(row.Attempts), Age(row.CreatedAt), row.Reason.ReplaceLineEndings(" ")]));
            return Exit.Ok;
        });
        return command;
    }

    static Command Change(string name, string description, bool mayAsk, string sql)
    {
        var (shop, service) = (new ShopOptions(), Service());
        var id = new Option<long?>("--id") { Description = "The event's id in the list; it needs --service." };
        var all = new Option<bool>("--all") { Description = "Every parked event, of all services or of the one that --service names." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask before anything is deleted." };
        var command = new Command(name, description) { service, id, all };
        if (mayAsk)
            command.Add(yes);
        shop.AddDataTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(id) is null != result.GetValue(all))
                result.AddError("one of --id and --all");
            else if (result.GetValue(id) is not null && result.GetValue(service) is null)
                result.AddError("--id needs --service: each service counts its own events");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (data, one) = (shop.Read(parsed).OwnData(), parsed.GetValue(id));
            var rows = await Parked(data, parsed.GetValue(service), one, cancel);
            if (rows.Count == 0)
            {
                Terminal.Line($"no such event is parked");
                return one is null ? Exit.Ok : Exit.NotSo;
            }
            if (mayAsk && !parsed.GetValue(yes) && !Terminal.Agrees($"Delete {rows.Count} events for good?"))
                return Exit.NotSo;
            foreach (var rowsOfOne in rows.GroupBy(row => row.App))
            {
                // Only what was listed: another may have been parked since.
                var changed = await data.Execute(rowsOfOne.Key, $"{sql} WHERE parked_at IS NOT NULL AND id IN ({string.Join(',', rowsOfOne.Select(row => Text(row.Id)))})", cancel);
                Terminal.Line($"{name} {rowsOfOne.Key}: {changed} events");
            }
            return Exit.Ok;
        });
        return command;
    }

    static Option<string?> Service()
    {
        var service = new Option<string?>("--service") { Description = "Only this service, such as order-service." };
        service.AcceptOnlyFromAmong(Apps);
        return service;
    }

    static async Task<IReadOnlyList<Row>> Parked(ServiceData data, string? service, long? id, CancellationToken cancel)
    {
        var rows = new List<Row>();
        foreach (var app in service is null ? Apps : [service])
            rows.AddRange(await data.Query(app,
                $"SELECT id, topic, \"key\", attempts, created_at, error FROM outbox_events WHERE parked_at IS NOT NULL{(id is { } one ? $" AND id = {Text(one)}" : "")} ORDER BY id",
                row => new Row(app, row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt32(3),
                    new(DateTime.SpecifyKind(row.GetDateTime(4), DateTimeKind.Utc)), row.IsDBNull(5) ? "" : row.GetString(5)), cancel));
        return rows;
    }

    static string Age(DateTimeOffset since) => (DateTimeOffset.UtcNow - since) switch
    {
        { TotalMinutes: < 2 } age => $"{Text((long)age.TotalSeconds)} s",
        { TotalHours: < 2 } age => $"{Text((long)age.TotalMinutes)} min",
        { TotalDays: < 2 } age => $"{Text((long)age.TotalHours)} h",
        var age => $"{Text((long)age.TotalDays)} d",
    };

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
