using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Ecom.Tests.EndToEnd;

/// <summary>The shop as `ecom up` runs it, in a folder and on ports of its own: a process that may be killed and started again.</summary>
public sealed class EmbeddedShop : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    readonly TempFolder folder = new("embedded");
    readonly RunFile run = RunFile.Shifted();
    readonly Dictionary<string, string?> environment;
    readonly bool isIsolated;
    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    ChildProcess? host;

    EmbeddedShop(Dictionary<string, string?> environment, bool isIsolated)
    {
        // Whom a developer's own shop lets in is not this one's affair.
        environment.TryAdd("ECOM_ADMIN_KEY", null);
        environment.TryAdd("AUTH_AUTHORITY", null);
        (this.environment, this.isIsolated, Customer) = (environment, isIsolated, new Customer(run));
    }

    public Customer Customer { get; }

    public ChildProcess Host => host ?? throw new InvalidOperationException("The shop was not started.");

    /// <summary>How far this shop's ports are from those of dapr.yaml.</summary>
    public int Offset => run.Offset;

    public string Data => folder.File("data");

    /// <summary>What the services have said: a line each, after the service's name.</summary>
    public IReadOnlyList<string> Log()
    {
        using var reader = new StreamReader(new FileStream(Path.Combine(Data, "shop.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        // What follows the last line's end is half a line as yet.
        return reader.ReadToEnd().Split('\n')[..^1];
    }

    public int AppPort(string appId) => run.AppPort(appId);

    public int SidecarPort(string appId) => run.SidecarPort(appId);

    /// <summary>Of the service's sidecar.</summary>
    public int GrpcPort(string appId) => run.Of(appId).Sidecar.Grpc;

    public static IReadOnlyList<string> Apps { get; } = [AppIds.Cart, AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification, AppIds.Analytics];

    /// <summary>The folder and the ports of a shop that is not started yet.</summary>
    /// <param name="isIsolated">Each service in a process of its own.</param>
    public static EmbeddedShop Prepare(Dictionary<string, string?>? environment = null, bool isIsolated = false) => new(environment ?? [], isIsolated);

    public static async Task<EmbeddedShop> Start(Dictionary<string, string?>? environment = null, bool isIsolated = false)
    {
        var shop = Prepare(environment, isIsolated);
        try
        {
            await shop.Up();
            return shop;
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the host has printed until everything was up; of what it prints later, only the last lines are kept.</summary>
    public IReadOnlyList<string> Greeting { get; private set; } = [];

    public async Task Up()
    {
        if (host is not null)
            await host.DisposeAsync();
        host = Tool(isIsolated ? ["up", "--isolated"] : ["up"]);
        await host.WaitUntil(() => Task.FromResult(host.Output.Any(line => line.Contains("Ctrl-C stops everything", StringComparison.Ordinal))), Patience);
        Greeting = [.. host.Output];
    }

    /// <summary>A verb of the tool over this shop's folder and ports.</summary>
    public ChildProcess Tool(params string[] arguments) => ChildProcess.StartTool(OfThisShop(arguments), environment);

    /// <summary>The same on a terminal, at which somebody has typed a line.</summary>
    public ChildProcess OnTerminal(string typed, params string[] arguments) => ChildProcess.Start(
        $"ecom {arguments[0]}", "sh", ["-c", """echo "$0" | script -qec "$1" /dev/null""", typed, $"dotnet '{string.Join("' '", OfThisShop(arguments).Prepend(Repository.Tool))}'"], environment, Repository.Root);

    string[] OfThisShop(string[] arguments) => [.. arguments, "--data", Data, "--port-offset", $"{run.Offset}"];

    /// <returns>The figures, and what the tool printed.</returns>
    public async Task<(int ExitCode, JsonElement Figures, string Output)> Run(params string[] arguments)
    {
        await using var tool = Tool([.. arguments, "--json"]);
        var code = await tool.WaitForExit(TimeSpan.FromMinutes(5));
        var output = string.Join('\n', tool.Output);
        var last = tool.Output.Last();
        return (code, last.StartsWith('{') ? JsonSerializer.Deserialize<JsonElement>(last) : default, output);
    }

    public Task BooksShouldAddUp() => Eventually.Until(
        async () =>
        {
            var (code, figures, output) = await Run("audit");
            code.ShouldBe(0, output);
            figures.GetProperty("books_ok").GetBoolean().ShouldBeTrue(output);
            figures.GetProperty("open").GetInt32().ShouldBe(0, output);
            return true;
        },
        TimeSpan.FromSeconds(30),
        "the books add up");

    /// <summary>Every event of the broker has become part of the rows, once, whatever was killed.</summary>
    public Task AnalyticsShouldMatchTheBroker() => Eventually.Until(
        async () =>
        {
            var records = (await Rows("sidecars", "SELECT t.name, m.offset, m.key, m.data FROM messages m JOIN topics t ON t.id = m.topic"))
                .Select(row => new KafkaRecord((string)row["name"]!, 0, (long)row["offset"]!, row["key"] as string, Encoding.UTF8.GetString((byte[])row["data"]!), new Dictionary<string, string>()));
            await ExpectedAnalytics.Of(records).ShouldBeServedBy(Customer.AskAnalytics);
            return true;
        },
        TimeSpan.FromSeconds(30),
        "the tables say what lies in the broker");

    /// <summary>kill -9 for a service; the host starts it again.</summary>
    public void KillApp(string appId) => Kill(ProcessOf(appId) ?? throw new InvalidOperationException($"{appId} does not run."));

    /// <summary>kill -9 for the host; the services lose their parent.</summary>
    public async Task KillHost()
    {
        Host.Kill();
        await Host.WaitForExit(TimeSpan.FromSeconds(10));
    }

    /// <summary>The process of a service, or null when it does not run, or has none of its own.</summary>
    public int? ProcessOf(string appId)
    {
        var file = Path.Combine(Data, $"{appId}.pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Split(' ')[0], out var id) && IsAlive(id) ? id : null;
    }

    public static bool IsAlive(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<Dictionary<string, object?>>> Rows(string appId, string sql, params string[] values)
    {
        await using var db = new SqliteConnection($"Data Source={Path.Combine(Data, appId)}.db;Mode=ReadOnly;Pooling=False");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"${i + 1}", values[i]);
        await using var reader = await command.ExecuteReaderAsync();
        List<Dictionary<string, object?>> rows = [];
        while (await reader.ReadAsync())
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        return rows;
    }

    /// <summary>Somebody's hand in the books, while no service runs.</summary>
    public async Task Change(string appId, string sql, string value)
    {
        await using var db = new SqliteConnection($"Data Source={Path.Combine(Data, appId)}.db;Pooling=False");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$1", value);
        (await command.ExecuteNonQueryAsync()).ShouldBeGreaterThan(0);
    }

    public async Task<Dictionary<string, object?>> Row(string appId, string sql, params string[] values) => (await Rows(appId, sql, values)).ShouldHaveSingleItem();

    public async Task<int> Stock(string productId) => Convert.ToInt32((await Row(AppIds.Inventory, "SELECT stock FROM products WHERE product_id = $1", productId))["stock"]);

    public async Task<JsonElement> Mail(string subject) => (await Eventually.Get<JsonElement[]>(
        async () => (await Mails($"subject={Uri.EscapeDataString(subject)}")).Where(mail => mail.GetProperty("subject").GetString() == subject).ToArray() is [var one] ? [one] : null,
        TimeSpan.FromSeconds(30),
        $"1 mail '{subject}'"))[0];

    /// <returns>How many confirmations of these orders have come, when each has one.</returns>
    public Task<int> Confirmed(IEnumerable<string> orderIds) =>
        Confirmations.Of(orderIds, async () => (await Mails("limit=1000")).Select(mail => mail.GetProperty("subject").GetString()!), TimeSpan.FromSeconds(60));

    async Task<JsonElement[]> Mails(string query) => (await http.GetFromJsonAsync<JsonElement[]>($"http://127.0.0.1:{run.MailPort}/email?{query}"))!;

    public async ValueTask DisposeAsync()
    {
        Customer.Dispose();
        http.Dispose();
        if (host is not null)
        {
            await host.Stop(TimeSpan.FromSeconds(20));
            await host.DisposeAsync();
        }
        // A service that lost its host ends by itself; its files are only free then.
        await Eventually.Until(() => Apps.All(app => ProcessOf(app) is null), TimeSpan.FromSeconds(20), "no service is left");
        folder.Dispose();
    }

    static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        process.Kill();
        process.WaitForExit(TimeSpan.FromSeconds(10));
    }
}
