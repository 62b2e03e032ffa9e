using Ecom.Contracts;
using Ecom.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Ecom.Tests.EndToEnd;

/// <summary>
/// The power goes: of what the services and the host have committed since a file was last synced, the disk has kept a part, and of each file another one.
/// The write-ahead log of a killed shop is cut as such a disk would leave it, so that nothing is in it which only a living system's cache had.
/// </summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedPowerCut
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    const int LogHeader = 32, FrameHeader = 24, Page = 4096;

    [Fact]
    public async Task What_a_service_lost_is_named_by_the_audit_and_the_shop_sells_on()
    {
        await using var shop = await EmbeddedShop.Start();
        var (kept, _) = await Sell(shop);
        await shop.KillHost();
        foreach (var file in Files(shop))
            await Ask(file, "PRAGMA wal_checkpoint(TRUNCATE)");
        await shop.Up();
        var (lost, user) = await Sell(shop);
        // Whoever still holds the checkout would tell it again, and the order would come back.
        await Eventually.Until(async () => await Untaken(shop) == 0, Soon, "the broker has written down that order-service took its events");
        await shop.Customer.Add(user, "PROD-004", 1);
        (await CartOf(shop, user)).ShouldNotContain(Topics.CheckoutInitiated);
        await shop.KillHost();
        Cut(Files(shop).Single(file => Path.GetFileName(file) == $"{AppIds.Order}.db"), frames: 0);

        await shop.Up();

        await Sell(shop);
        (await shop.Customer.Read(kept)).Status.ShouldBe("FULFILLED");
        var (code, _, output) = await shop.Run("audit");
        code.ShouldBe(1, output);
        output.ShouldContain($"{lost} has stock or a payment but order-service does not know it");
        output.ShouldNotContain(kept);
    }

    [Fact]
    public async Task Wherever_each_log_is_cut_every_file_is_whole_and_the_shop_sells_on()
    {
        await using var shop = await EmbeddedShop.Start();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Sell(shop)));
        await shop.KillHost();
        var random = new Random(7);
        foreach (var file in Files(shop))
            Cut(file, random.Next((int)((new FileInfo($"{file}-wal").Length - LogHeader) / (FrameHeader + Page))));
        foreach (var file in Files(shop))
            (await Ask(file, "PRAGMA integrity_check")).ShouldBe("ok", file);

        await shop.Up();

        await Sell(shop);
    }

    static async Task<(string OrderId, string User)> Sell(EmbeddedShop shop)
    {
        var user = Customer.NewUser("ada");
        var order = await shop.Customer.Order(user, PaymentTokens.Success, ("PROD-003", 1));
        await shop.Customer.WaitFor(order, "FULFILLED");
        return (order, user);
    }

    static async Task<string> CartOf(EmbeddedShop shop, string user) =>
        (string)(await shop.Row("sidecars", "SELECT CAST(value AS TEXT) AS cart FROM state WHERE key = $1", $"{AppIds.Cart}||cart:{user}"))["cart"]!;

    static async Task<long> Untaken(EmbeddedShop shop) => (long)(await shop.Row(
        "sidecars",
        "SELECT count(*) AS untaken FROM cursors JOIN messages ON messages.topic = cursors.topic AND messages.offset >= cursors.next WHERE app = $1 AND active = 1",
        AppIds.Order))["untaken"]!;

    /// <summary>Those that have something in their log.</summary>
    static List<string> Files(EmbeddedShop shop) => [.. Directory.GetFiles(shop.Data, "*.db").Where(file => File.Exists($"{file}-wal") && new FileInfo($"{file}-wal").Length > LogHeader).Order(StringComparer.Ordinal)];

    /// <summary>The log ends behind a frame; the index of it was in memory.</summary>
    static void Cut(string file, int frames)
    {
        using (var log = new FileStream($"{file}-wal", FileMode.Open))
            log.SetLength(LogHeader + frames * (long)(FrameHeader + Page));
        File.Delete($"{file}-shm");
    }

    static async Task<string> Ask(string file, string pragma)
    {
        await using var db = new SqliteConnection($"Data Source={file};Pooling=False");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
#pragma warning disable CA2100 // This test's own text.
        command.CommandText = pragma;
#pragma warning restore CA2100
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
