using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Ecom.Tool;

/// <summary>Which shop: started here, or one that runs; where its data is; how long an order may take.</summary>
sealed record ShopChoice(bool Attach, bool Isolated, bool Json, string? Data, int PortOffset, TimeSpan Patience)
{
    public string DataFolder => Path.GetFullPath(Data ?? Path.Combine(Repository.Root, ".ecom"));

    /// <summary>A folder that was named is meant; otherwise the environment may name PostgreSQL. What is started here always has files.</summary>
    public ServiceData OwnData() => Data is null ? ServiceData.Of(DataFolder) : ServiceData.Files(DataFolder);
}

/// <summary>The options that the verbs share.</summary>
sealed class ShopOptions
{
    readonly Option<bool> attach = new("--attach") { Description = "Use the shop that runs (such as under dapr run) instead of starting one." };
    readonly Option<bool> isolated = new("--isolated") { Description = "Each service as a process of its own, which can be killed; otherwise they share the tool's." };
    readonly Option<bool> json = new("--json") { Description = "The last line of the output is one JSON object with the figures." };
    readonly Option<string?> data = new("--data") { Description = "The folder of the embedded shop's data; default .ecom in the repository." };
    readonly Option<int> portOffset = new("--port-offset") { Description = "Added to every port of dapr.yaml, for a second shop beside the first." };
    readonly Option<int> timeout = new("--timeout") { Description = "Seconds after which an order that has not ended is stuck, and analytics that do not move are not waited for.", DefaultValueFactory = _ => 60 };

    public ShopOptions()
    {
        portOffset.Validators.Add(Options.Between(portOffset, 0, 15_000));
        timeout.Validators.Add(Options.Between(timeout, 1, 3600));
    }

    public void AddTo(Command command)
    {
        AddRunTo(command);
        command.Add(isolated);
    }

    public void AddRunTo(Command command)
    {
        command.Add(attach);
        command.Add(json);
        AddDataTo(command);
        command.Add(timeout);
    }

    public void AddStartTo(Command command)
    {
        command.Add(isolated);
        AddDataTo(command);
    }

    public void AddDataTo(Command command)
    {
        command.Add(data);
        AddPortOffsetTo(command);
    }

    public void AddPortOffsetTo(Command command) => command.Add(portOffset);

    public ShopChoice Read(ParseResult parsed) => new(parsed.GetValue(attach), parsed.GetValue(isolated), parsed.GetValue(json), parsed.GetValue(data), parsed.GetValue(portOffset), TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(timeout))));
}

static class Options
{
    const double ShortestMinutes = 0.05, LongestMinutes = 1440;

    public static Option<double> Minutes(string description, double otherwise)
    {
        var minutes = new Option<double>("--minutes") { Description = description, DefaultValueFactory = _ => otherwise };
        minutes.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is not (>= ShortestMinutes and <= LongestMinutes))
                result.AddError(FormattableString.Invariant($"--minutes must be {ShortestMinutes} to {LongestMinutes}, not {text}"));
        });
        return minutes;
    }

    public static Action<OptionResult> Between(Option<int> option, int least, int most) => result =>
    {
        // An option without a number is the parser's to complain about.
        if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out var value) && (value < least || value > most))
            result.AddError($"{option.Name} must be {least} to {most}, not {value}");
    };
}
