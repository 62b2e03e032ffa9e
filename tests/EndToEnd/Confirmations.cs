using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

static class Confirmations
{
    /// <param name="subjects">Those of all mails so far.</param>
    /// <returns>How many confirmations of these orders have come, when each has one.</returns>
    public static async Task<int> Of(IEnumerable<string> orderIds, Func<Task<IEnumerable<string>>> subjects, TimeSpan deadline)
    {
        string[] wanted = [.. orderIds.Select(orderId => $"Order Confirmed #{orderId}")];
        return (await Eventually.Get<string[]>(
            async () =>
            {
                string[] come = [.. (await subjects()).Where(wanted.Contains)];
                return wanted.All(come.Contains) ? come : null;
            },
            deadline,
            "everybody has a mail")).Length;
    }
}
