using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Ecom.Tool;

sealed record LetterView(long Id, string OriginalTopic, string? EventId, string ErrorReason, string ErrorType, int RetryCount, DateTimeOffset Timestamp, string Subscriber,
    JsonElement Payload, DateTimeOffset ReceivedAt, DateTimeOffset? ReplayedAt, string Status, int Failures, DateTimeOffset? SettledAt);

sealed record LettersView(IReadOnlyList<LetterView> DeadLetters, int TotalDeadLetters);

sealed record ReplayView(int Replayed, int Skipped);

sealed record DiscardView(int Discarded);

/// <summary>The events that a subscriber could not handle: read, sent to it again after the mend, or given up, at a shop that runs.</summary>
static class DeadLetters
{
    const string Open = "OPEN", Replaying = "REPLAYING", Applied = "APPLIED";
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public static Command Command() => new("dead-letters", "List, show, replay or discard the events that a subscriber could not handle. The shop must be running.")
    {
        List(), Show(), Replay(), Discard(),
    };

    /// <summary>Which letters are meant: these, or all that fit.</summary>
    sealed class Choice
    {
        readonly Option<string?> topic = new("--topic") { Description = "Only events of this topic, such as payment.processed." };
        readonly Option<string?> subscriber = new("--subscriber") { Description = "Only what this app could not handle, such as order-service." };
        readonly Option<string?> reason = new("--reason") { Description = "Only those whose reason has these words." };
        readonly Option<DateTimeOffset?> since = new("--since") { Description = "Only what failed at this time or later, such as 2026-01-02T12:00:00Z." };
        readonly Argument<long[]> ids = new("id") { Description = "The letters' ids in the list.", Arity = ArgumentArity.ZeroOrMore };
        readonly Option<bool> all = new("--all") { Description = "Every open letter that fits --topic, --subscriber, --reason and --since." };
        readonly ShopOptions shop = new();

        public void AddTo(Command command)
        {
            command.Add(topic);
            command.Add(subscriber);
            command.Add(reason);
            command.Add(since);
            shop.AddDataTo(command);
        }

        public void AddToChange(Command command)
        {
            command.Add(ids);
            command.Add(all);
            AddTo(command);
            command.Validators.Add(result =>
            {
                if (result.GetValue(ids) is { Length: > 0 } == result.GetValue(all))
                    result.AddError("ids, or --all");
                else if (!result.GetValue(all) && Query(result.GetValue(topic), result.GetValue(subscriber), result.GetValue(reason), result.GetValue(since)).Length > 0)
                    result.AddError("--topic, --subscriber, --reason and --since choose among --all");
            });
        }

        public long[] Ids(ParseResult parsed) => parsed.GetValue(ids) ?? [];

        public string Query(ParseResult parsed) => Query(parsed.GetValue(topic), parsed.GetValue(subscriber), parsed.GetValue(reason), parsed.GetValue(since));

        public ShopClient Client(ParseResult parsed) => new(Addresses.Read(shop.Read(parsed)));

        static string Query(string? topic, string? subscriber, string? reason, DateTimeOffset? since) => string.Concat(
            new[] { ("topic", topic), ("subscriber", subscriber), ("reason", reason), ("since", since?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)) }
                .Where(filter => filter.Item2 is not null).Select(filter => $"&{filter.Item1}={Uri.EscapeDataString(filter.Item2!)}"));
    }

    static Command List()
    {
        var choice = new Choice();
        var status = new Option<string?>("--status") { Description = "Only these: OPEN wait for an operator, REPLAYING for their subscriber's answer; APPLIED and DISCARDED are done with." };
        status.AcceptOnlyFromAmong(Open, Replaying, Applied, "DISCARDED");
        var limit = new Option<int>("--limit") { Description = "How many at most, the newest.", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(Options.Between(limit, 1, 100));
        var command = new Command("list", "List the dead letters, the newest first.") { status, limit };
        choice.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var shop = choice.Client(parsed);
            var found = await Page(shop, $"?limit={parsed.GetValue(limit)}{(parsed.GetValue(status) is { } word ? $"&status={word}" : "")}{choice.Query(parsed)}", cancel);
            if (found.DeadLetters.Count > 0)
                Terminal.Table(["id", "status", "topic", "subscriber", "failures", "last", "reason"], found.DeadLetters.Select(letter => (string[])
                    [Text(letter.Id), letter.Status, letter.OriginalTopic, letter.Subscriber, Text(letter.Failures), Text(letter.Timestamp), letter.ErrorReason.ReplaceLineEndings(" ")]));
            Terminal.Line($"{found.DeadLetters.Count} of {found.TotalDeadLetters} dead letters");
            return Exit.Ok;
        });
        return command;
    }

    static Command Show()
    {
        var choice = new ShopOptions();
        var id = new Argument<long>("id") { Description = "The letter's id in the list." };
        var command = new Command("show", "Show a dead letter with its event, and what became of it.") { id };
        choice.AddDataTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var shop = new ShopClient(Addresses.Read(choice.Read(parsed)));
            var letter = await One(shop, parsed.GetValue(id), cancel);
            Terminal.Line($"{letter.OriginalTopic} → {letter.Subscriber}: {State(letter)}");
            Terminal.Line($"event     {letter.EventId ?? "without a readable id"}");
            Terminal.Line($"reason    {letter.ErrorReason.ReplaceLineEndings(" ")} ({letter.ErrorType}, tried {letter.RetryCount} times)");
            Terminal.Line($"received  {Text(letter.ReceivedAt)}, failed last {Text(letter.Timestamp)}{(letter.ReplayedAt is { } at ? $", replayed {Text(at)}" : "")}");
            Terminal.Line($"{letter.Payload.GetRawText()}");
            return Exit.Ok;
        });
        return command;
    }

    static Command Replay()
    {
        var choice = new Choice();
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait for what becomes of them.", DefaultValueFactory = _ => 30 };
        timeout.Validators.Add(Options.Between(timeout, 1, 3600));
        var command = new Command("replay", "Send dead letters' events to the subscriber that failed, and tell what became of them. Exit code 1 when not all are applied.") { timeout };
        choice.AddToChange(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var shop = choice.Client(parsed);
            var patience = TimeSpan.FromSeconds(parsed.GetValue(timeout));
            return choice.Ids(parsed) is { Length: > 0 } ids ? await ReplayEach(shop, ids, patience, cancel) : await ReplayAll(shop, choice.Query(parsed), patience, cancel);
        });
        return command;
    }

    static async Task<int> ReplayEach(ShopClient shop, long[] ids, TimeSpan patience, CancellationToken cancel)
    {
        foreach (var id in ids)
            await shop.Letters<ReplayView>(HttpMethod.Post, $"/{Text(id)}/replay", cancel);
        var began = Stopwatch.GetTimestamp();
        var areApplied = true;
        foreach (var id in ids)
        {
            var letter = await One(shop, id, cancel);
            for (; letter.Status is Replaying && Stopwatch.GetElapsedTime(began) < patience; letter = await One(shop, id, cancel))
                await Task.Delay(Look, cancel);
            Terminal.Line($"{id} {letter.OriginalTopic} → {letter.Subscriber}: {State(letter)}");
            areApplied &= letter.Status is Applied;
        }
        return areApplied ? Exit.Ok : Exit.NotSo;
    }

    static async Task<int> ReplayAll(ShopClient shop, string filters, TimeSpan patience, CancellationToken cancel)
    {
        var appliedBefore = await Count(shop, Applied, filters, cancel);
        var sent = await shop.Letters<ReplayView>(HttpMethod.Post, "/replay?" + filters, cancel);
        var began = Stopwatch.GetTimestamp();
        int unanswered;
        while ((unanswered = await Count(shop, Replaying, filters, cancel)) > 0 && Stopwatch.GetElapsedTime(began) < patience)
            await Task.Delay(Look, cancel);
        var applied = await Count(shop, Applied, filters, cancel) - appliedBefore;
        var open = await Count(shop, Open, filters, cancel);
        Terminal.Line($"{sent.Replayed} replayed: {applied} applied, {unanswered} not answered yet; {open} are open, {sent.Skipped} of them no events that could go back");
        return applied >= sent.Replayed && unanswered == 0 && open == 0 ? Exit.Ok : Exit.NotSo;
    }

    static Command Discard()
    {
        var choice = new Choice();
        var yes = new Option<bool>("--yes") { Description = "Do not ask before anything is discarded." };
        var command = new Command("discard", "Nothing is to come of these dead letters: they are kept, and never sent again.") { yes };
        choice.AddToChange(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var shop = choice.Client(parsed);
            var (ids, filters) = (choice.Ids(parsed), choice.Query(parsed));
            var count = ids.Length > 0 ? ids.Length : await Count(shop, Open, filters, cancel);
            if (count > 0 && !parsed.GetValue(yes) && !Terminal.Agrees($"Discard {count} dead letters for good?"))
                return Exit.NotSo;
            var discarded = 0;
            foreach (var path in ids.Length > 0 ? ids.Select(id => $"/{Text(id)}/discard") : ["/discard?" + filters])
                discarded += (await shop.Letters<DiscardView>(HttpMethod.Post, path, cancel)).Discarded;
            Terminal.Line($"{discarded} discarded");
            return Exit.Ok;
        });
        return command;
    }

    static Task<LettersView> Page(ShopClient shop, string query, CancellationToken cancel) => shop.Letters<LettersView>(HttpMethod.Get, query, cancel);

    static Task<LetterView> One(ShopClient shop, long id, CancellationToken cancel) => shop.Letters<LetterView>(HttpMethod.Get, $"/{Text(id)}", cancel);

    static async Task<int> Count(ShopClient shop, string status, string filters, CancellationToken cancel) =>
        (await Page(shop, $"?limit=1&status={status}{filters}", cancel)).TotalDeadLetters;

    static string State(LetterView letter) => letter.Status switch
    {
        Open when letter.Failures > 1 => $"{letter.Status}, failed {Text(letter.Failures)} times, the last for: {letter.ErrorReason.ReplaceLineEndings(" ")}",
        Replaying => $"{letter.Status}, no answer yet",
        _ => letter.Status,
    };

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
