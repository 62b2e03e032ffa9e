using System.Globalization;
using Ecom.Contracts;

namespace Ecom.Analytics.Pages;

/// <summary>What stands on the wire, in words for people.</summary>
public static class Words
{
    public static string Money(decimal amount) => amount.ToString("$#,0.00", CultureInfo.InvariantCulture);

    public static string Count(int number, string one, string many) => number == 1 ? $"1 {one}" : string.Create(CultureInfo.InvariantCulture, $"{number:#,0} {many}");

    /// <summary>The class of <c>page.css</c> that colours an order's state.</summary>
    public static string ToneOf(string status) => status switch { "FULFILLED" => "good", "CANCELLED" => "bad", _ => "busy" };

    /// <summary>FULFILLED → Fulfilled.</summary>
    public static string Plain(string shouted) => shouted.Length == 0 ? "" : shouted[..1] + shouted[1..].ToLowerInvariant().Replace('_', ' ');

    /// <summary>What an order waits for, or why it ended as it did.</summary>
    public static string Story(string status, bool ended, string? source, string? reason) => (status, source) switch
    {
        ("PENDING", _) => "waits for its payment",
        ("PAID", _) => "paid, waits for its stock",
        ("FULFILLED", _) => "paid and reserved",
        (_, CancellationSources.PaymentFailed) => $"the payment was declined: {reason?.Replace('_', ' ') ?? "no reason given"}",
        (_, CancellationSources.InventoryDepleted) => "sold out" + Undone(ended),
        (_, CancellationSources.Customer) => "the customer cancelled" + Undone(ended),
        _ => (reason ?? "cancelled") + Undone(ended),
    };

    static string Undone(bool ended) => ended ? "; all that was done is undone" : "; what was done is being undone";

    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "now",
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalSeconds:0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:0} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:0} d"),
    };
}
