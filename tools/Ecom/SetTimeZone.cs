using System.CommandLine;

namespace Ecom.Tool;

/// <summary>The clock that mails and pages show. Stored time stays UTC, so nothing is converted.</summary>
static class SetTimeZone
{
    public static Command Command()
    {
        var zone = new Argument<string>("zone") { Description = "Such as Europe/Berlin or UTC." };
        var command = new Command("timezone", "Write the time zone of mails and pages (TZ) to .env, and say how what runs gets it.") { zone };
        command.SetAction((parsed, cancel) => Write(parsed.GetValue(zone)!, cancel));
        return command;
    }

    static async Task<int> Write(string zone, CancellationToken cancel)
    {
        // Windows' own names are known everywhere, too, but their spaces would not outlive the shell that reads .env.
        if (zone.Contains(' ') || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            throw new ToolError($"there is no time zone '{zone}': name one of the tz database, such as America/Los_Angeles, Europe/Berlin or UTC");
        await EnvFile.Set("TZ", zone, cancel);
        Terminal.Line($"TZ={zone} is in {EnvFile.Name}; a service reads it when it starts:");
        Terminal.Line($"  embedded   Ctrl-C, then: set -a; . ./.env; set +a; dotnet run --project tools/Ecom -- up");
        Terminal.Line($"  dapr run   dapr stop -f dapr.yaml; set -a; . ./.env; set +a; dapr run -f dapr.yaml");
        Terminal.Line($"  compose    docker compose up -d --wait");
        return Exit.Ok;
    }
}
