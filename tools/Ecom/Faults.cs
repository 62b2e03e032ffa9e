using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>What is done to a process.</summary>
enum Blow
{
    /// <summary>kill -9: no chance to clean up.</summary>
    Kill,

    /// <summary>Stands still for a while, with every connection open: nobody hears that it is away.</summary>
    Pause,

    /// <summary>Gets only a part of the time.</summary>
    Slow,
}

/// <summary>A part of the shop that may be hit.</summary>
/// <param name="MayBeKilled">Somebody starts it again.</param>
sealed record Target(string Name, bool MayBeKilled);

/// <param name="At">After the beginning.</param>
/// <param name="For">How long; zero for a kill.</param>
sealed record Fault(TimeSpan At, string Target, Blow Blow, TimeSpan For);

/// <summary>What happens to whom, and when, decided by dice: the same seed and the same targets, the same faults.</summary>
static class Faults
{
    static readonly TimeSpan LeastGap = TimeSpan.FromSeconds(1.5), MostGap = TimeSpan.FromSeconds(6), Least = TimeSpan.FromSeconds(1), MostPause = TimeSpan.FromSeconds(8), MostSlow = TimeSpan.FromSeconds(15);

    /// <summary>Until what was killed is hit again: also one that never comes up would lose nothing, and prove nothing.</summary>
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(10), Breath = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<Fault> Plan(int seed, TimeSpan time, IReadOnlyList<Target> targets)
    {
        var (random, plan, rests) = (new Random(seed), new List<Fault>(), new Dictionary<string, TimeSpan>());
        for (var at = Between(LeastGap, MostGap); at < time; at += Between(LeastGap, MostGap))
        {
            Target[] standing = [.. targets.Where(target => rests.GetValueOrDefault(target.Name) <= at)];
            if (standing.Length == 0)
                continue;
            var target = standing[random.Next(standing.Length)];
            var blow = random.Next(target.MayBeKilled ? 10 : 5) switch { < 3 => Blow.Pause, < 5 => Blow.Slow, _ => Blow.Kill };
            var lasts = blow is Blow.Kill ? TimeSpan.Zero : Between(Least, blow is Blow.Pause ? MostPause : MostSlow);
            rests[target.Name] = at + lasts + (blow is Blow.Kill ? Recovery : Breath);
            plan.Add(new(at, target.Name, blow, at + lasts > time ? time - at : lasts));
        }
        return plan;

        TimeSpan Between(TimeSpan least, TimeSpan most) => TimeSpan.FromMilliseconds(random.Next((int)least.TotalMilliseconds, (int)most.TotalMilliseconds));
    }

    /// <summary>By whole names, or without «-service»; none named: all.</summary>
    public static IReadOnlyList<Target> Choose(IReadOnlyList<Target> targets, IReadOnlyList<string> names)
    {
        string[] asked = [.. names.SelectMany(name => name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        if (asked.FirstOrDefault(name => !targets.Any(target => Is(target, name))) is { } unknown)
            throw new ToolError($"--targets has '{unknown}'; known here: {string.Join(", ", targets.Select(target => target.Name))}");
        return asked.Length == 0 ? targets : [.. targets.Where(target => asked.Any(name => Is(target, name)))];
    }

    /// <summary>The one window that nobody can close: a mail server has taken a mail, and who sent it cannot write that down any more. Mails go one after another, so each of these faults can double one.</summary>
    public static int MailsAtRisk(IReadOnlyList<Fault> faults) => faults.Count(fault => fault.Target is Arena.Host or AppIds.Notification or "notification-dapr" or "mail" or "postgres");

    static bool Is(Target target, string name) => target.Name == name || target.Name == $"{name}-service";
}
