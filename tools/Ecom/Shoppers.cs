using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>What somebody comes to the shop for.</summary>
enum Purpose
{
    /// <summary>An order, whose payment the shop's success rate decides.</summary>
    Buy,

    /// <summary>A cart that is filled, partly emptied, and left.</summary>
    Leave,

    /// <summary>An order with a card that is declined.</summary>
    BeDeclined,

    /// <summary>An order that is cancelled before it is paid.</summary>
    Regret,

    /// <summary>Many orders within a minute, with declined cards among them: what fraud looks like.</summary>
    Hurry,

    /// <summary>An order of an unusual amount: what fraud looks like, too.</summary>
    Splurge,

    /// <summary>One unit more than the shop has of what it has least of.</summary>
    WantTooMuch,
}

/// <summary>Somebody's visit. Which of the shop's products a <see cref="Purpose.WantTooMuch"/> wants shows there.</summary>
sealed record Visit(Purpose Purpose, string Customer, IReadOnlyList<(string ProductId, int Quantity)> Lines);

/// <summary>Who comes, decided by dice: the same seed, the same visits.</summary>
static class Shoppers
{
    const int Regulars = 40;
    const double ComesBack = 0.6;
    const decimal Splurge = FraudRules.AmountAllowed * 1.2m;

    /// <summary>Of a hundred visits. The others buy.</summary>
    static readonly (Purpose Purpose, int Share)[] Shares =
        [(Purpose.Leave, 20), (Purpose.BeDeclined, 6), (Purpose.Regret, 4), (Purpose.Hurry, 2), (Purpose.Splurge, 2), (Purpose.WantTooMuch, 2)];

    /// <summary>Without end. One of each purpose comes first, so that also a short run has them all.</summary>
    public static IEnumerable<Visit> Stream(int seed)
    {
        var random = new Random(seed);
        foreach (var purpose in Enum.GetValues<Purpose>())
            yield return Visit(random, purpose);
        while (true)
            yield return Visit(random, ByShare(random.Next(100)));
    }

    static Purpose ByShare(int dice)
    {
        foreach (var (purpose, share) in Shares)
            if ((dice -= share) < 0)
                return purpose;
        return Purpose.Buy;
    }

    static Visit Visit(Random random, Purpose purpose) => purpose switch
    {
        Purpose.Hurry => new(purpose, $"hasty-{random.Next(1000):000}", [Line(random, 1)]),
        Purpose.Splurge => new(purpose, $"splurger-{random.Next(1000):000}", [Lavish(random)]),
        Purpose.WantTooMuch => new(purpose, $"reseller-{random.Next(1000):000}", []),
        _ => new(purpose, Customer(random), Cart(random)),
    };

    /// <summary>Some regulars come much more often than others.</summary>
    static string Customer(Random random)
    {
        var dice = random.NextDouble();
        return random.NextDouble() < ComesBack ? $"regular-{(int)(Regulars * dice * dice):00}" : $"guest-{random.Next(1_000_000):000000}";
    }

    static List<(string, int)> Cart(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Line(random, random.Next(1, 4))).DistinctBy(line => line.ProductId)];

    /// <summary>What stands first in the catalogue sells best.</summary>
    static (string ProductId, int Quantity) Line(Random random, int quantity)
    {
        var dice = random.NextDouble();
        return (Catalogue.Products[(int)(Catalogue.Products.Count * dice * dice)].Id, quantity);
    }

    static (string, int) Lavish(Random random)
    {
        CatalogueItem[] dear = [.. Catalogue.Products.OrderByDescending(product => product.Price).Take(4)];
        var product = dear[random.Next(dear.Length)];
        return (product.Id, (int)Math.Ceiling(Splurge / product.Price));
    }
}
