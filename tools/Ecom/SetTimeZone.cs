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
        var file = Path.Combine(Repository.Root, ".env");
        try
        {
            List<string> lines = File.Exists(file) ? [.. await File.ReadAllLinesAsync(file, cancel)] : [];
            if (lines.FindIndex(line => line.StartsWith("TZ=", StringComparison.Ordinal)) is >= 0 and var at)
                lines[at] = $"TZ={zone}";
            else
                lines.Add($"TZ={zone}");
            await File.WriteAllTextAsync(file, string.Join('\n', lines) + '\n', cancel);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new ToolError($"{file} cannot be written: {wrong.Message}");
        }
        Terminal.Line($"TZ={zone} is in {file}; a service reads it when it starts:");
        Terminal.Line($"  embedded   Ctrl-C, then: set -a; . ./.env; set +a; dotnet run --project tools/Ecom -- up");
        Terminal.Line($"  dapr run   dapr stop -f dapr.yaml; set -a; . ./.env; set +a; dapr run -f dapr.yaml");
        Terminal.Line($"  compose    docker compose up -d --wait");
        return Exit.Ok;
    }
}
