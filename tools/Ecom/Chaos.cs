using System.CommandLine;
using System.Diagnostics;
using Ecom.Contracts;

namespace Ecom.Tool;

sealed record ChaosFigures(int Seed, int Faults, int Customers, int Lost, int Twice, int Stuck, int Unanswered, int? MailedTwice, bool BooksOk);

/// <summary>Customers go on ordering while processes are killed, paused and slowed at random; afterwards nothing is lost, and the books add up.</summary>
static class Chaos
{
    /// <summary>A customer who is not answered at once asks again, for longer than anything is down.</summary>
    static readonly TimeSpan Stubbornness = TimeSpan.FromMinutes(3);

    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    const int MostShown = 20;

    public static Command Command()
    {
        var minutes = Options.Minutes("How long customers come and faults happen; then comes the calm.", 5);
        var rate = new Option<int>("--rate") { Description = "Orders a minute.", DefaultValueFactory = _ => 120 };
        rate.Validators.Add(Options.Between(rate, 1, 6_000));
        var seed = new Option<int?>("--seed") { Description = "The same seed, the same faults at the same times and the same orders; default a new one, which is printed." };
        var targets = new Option<string[]>("--targets") { Description = $"Who is hit; default all: {string.Join(", ", EmbeddedArena.All.Select(target => target.Name))}.", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore };
        var restart = new Option<string[]>("--restart") { Description = "With --attach: name=command, what starts it again; only who has one is killed, the others are paused and slowed." };
        restart.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => !token.Value.Contains('=')) is { } wrong)
                result.AddError($"--restart must be name=command, not {wrong.Value}");
        });
        var shop = new ShopOptions();
        var command = new Command("chaos", "Customers order while processes are killed, paused and slowed at random, then the audit. Starts a shop of its own, in a folder that is deleted when all is well. Linux and macOS; --attach: Linux.") { minutes, rate, seed, targets, restart };
        shop.AddRunTo(command);
        command.SetAction((parsed, cancel) => Run(
            new(parsed.GetValue(seed) ?? Random.Shared.Next(10_000), TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(rate), parsed.GetValue(targets) ?? [], parsed.GetValue(restart) ?? []), shop.Read(parsed), cancel));
        return command;
    }

    /// <summary>What makes a run the same as another one.</summary>
    sealed record Script(int Seed, TimeSpan Time, int Rate, string[] Targets, string[] Restart)
    {
        public IReadOnlyDictionary<string, string> Restarts => Restart.Select(pair => pair.Split('=', 2)).GroupBy(pair => pair[0], pair => pair[1]).ToDictionary(pair => pair.Key, pair => pair.Last());

        public string Again(ShopChoice choice) => FormattableString.Invariant(
            $"ecom chaos --seed {Seed} --minutes {Time.TotalMinutes} --rate {Rate}{(Targets.Length > 0 ? $" --targets {string.Join(' ', Targets)}" : "")}{(choice.Attach ? " --attach" : "")}{string.Concat(Restart.Select(pair => $" --restart '{pair}'"))}");
    }

    static async Task<int> Run(Script script, ShopChoice choice, CancellationToken cancel)
    {
        if (OperatingSystem.IsWindows())
            throw new ToolError("chaos hits processes by signals, which Windows does not have: run it on Linux or macOS");
        if (!choice.Attach && script.Restart.Length > 0)
            throw new ToolError("--restart is for --attach: an own shop is started again anyway");
        await using Arena arena = choice.Attach
            ? await AttachedArena.Open(choice, script.Targets, script.Restarts, cancel)
            : await EmbeddedArena.Open(choice, Faults.Choose(EmbeddedArena.All, script.Targets), cancel);
        try
        {
            return await Run(script, choice, arena, cancel);
        }
        catch (OperationCanceledException)
        {
            arena.Forget();
            throw;
        }
    }

    static async Task<int> Run(Script script, ShopChoice choice, Arena arena, CancellationToken cancel)
    {
        using var client = new ShopClient(arena.Addresses, Stubbornness);
        var (crowd, clock) = (new Crowd(client, choice.Patience), Stopwatch.StartNew());
        var attack = new Attack(arena, Faults.Plan(script.Seed, script.Time, arena.Targets), clock);
        Terminal.Line($"seed {script.Seed}: {script.Time.TotalMinutes:0.0##} min, {script.Rate} orders a minute, and now and then somebody hits {string.Join(", ", arena.Targets.Select(target => target.Name))}");
        await Terminal.Telling(
            () => FormattableString.Invariant($"{Math.Min(clock.Elapsed.TotalMinutes, script.Time.TotalMinutes):0.0} of {script.Time.TotalMinutes:0.0} min: {crowd}; {attack.Done.Count} faults"),
            () => Task.WhenAll(attack.Run(cancel), Door.Open(
                Crowd.Wishes(Ids.NewEvent()[^8..], script.Seed), script.Rate, script.Time, script.Seed, clock, wish => crowd.Receive(wish, cancel), crowd.Refill, cancel)));
        var verdict = await Calm(arena, crowd.Heard, choice.Patience, cancel);
        var report = await Terminal.Working("auditing", () => Audit.Settled(arena.Data, arena.Addresses, cancel));
        var mailedTwice = await Postbox.Twice(arena.Addresses.MailPort, report.Books.Orders.Select(order => order.Id).ToHashSet(), cancel);
        Terminal.Line();
        Audit.Print(report);
        Print(attack.Done, crowd.Heard.Count, verdict, mailedTwice);
        var isWell = report.Ok && verdict.Findings.Count == 0 && !(mailedTwice > Faults.MailsAtRisk(attack.Done));
        if (isWell)
            arena.Forget();
        else if (arena.Traces is { } traces)
            Terminal.Line($"what everybody said, and what was done to whom when: {traces}");
        Terminal.Line($"the same again: {script.Again(choice)}");
        if (choice.Json)
            Figures.PrintJson(new ChaosFigures(script.Seed, attack.Done.Count, crowd.Heard.Count, verdict.Lost, verdict.Twice, verdict.Stuck, verdict.Unanswered, mailedTwice, report.Ok));
        return isWell ? Exit.Ok : Exit.NotSo;
    }

    /// <summary>Nothing is hit any more: until every order that somebody was told of is there and has ended, or the patience with them has.</summary>
    static async Task<Verdict> Calm(Arena arena, IReadOnlyList<Heard> heard, TimeSpan patience, CancellationToken cancel)
    {
        Terminal.Line($"calm: what has not ended in {patience.TotalSeconds:0} s is stuck");
        var away = await Away(arena.Addresses, cancel);
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(Look, cancel))
        {
            var verdict = Verdict.Of(heard, (await Books.Read(arena.Data, cancel)).Orders);
            var waited = Stopwatch.GetElapsedTime(began);
            if (!verdict.IsQuiet && waited < patience)
                continue;
            if (verdict.IsQuiet)
                Terminal.Line($"every order had ended after {waited.TotalSeconds:0.0} s of calm");
            return away is null ? verdict : verdict with { Findings = [away, .. verdict.Findings] };
        }
    }

    /// <returns>Who has not come back; null when all have.</returns>
    static async Task<string?> Away(Addresses addresses, CancellationToken cancel)
    {
        try
        {
            await Attached.Ready(addresses, cancel);
            return null;
        }
        catch (ToolError late)
        {
            return late.Message;
        }
    }

    static void Print(IReadOnlyList<Fault> faults, int customers, Verdict verdict, int? mailedTwice)
    {
        foreach (var finding in verdict.Findings.Take(MostShown))
            Terminal.Line($"{Terminal.Red("found")}   {finding}");
        if (verdict.Findings.Count > MostShown)
            Terminal.Line($"        and {verdict.Findings.Count - MostShown} more");
        Terminal.Line($"faults  {faults.Count}: {Counted(faults.Select(fault => fault.Blow.ToString().ToLowerInvariant()))}; {Counted(faults.Select(fault => fault.Target))}");
        Terminal.Line($"told    {customers} customers: {verdict.Unanswered} without an answer, {verdict.Lost} orders lost, {verdict.Twice} twice, {verdict.Stuck} stuck");
        if (mailedTwice is { } mails)
            Terminal.Line($"mails   {mails} came twice: at most one for each of the {Faults.MailsAtRisk(faults)} faults that can come between a mail and the note that it went");
        else
            Terminal.Line($"mails   not counted: no page of mails answers");
    }

    static string Counted(IEnumerable<string> names) => string.Join(", ", names.CountBy(name => name).OrderByDescending(name => name.Value).ThenBy(name => name.Key).Select(name => $"{name.Value} {name.Key}"));
}
