using System.Text.RegularExpressions;
using Ecom.Tests.Support;

namespace Ecom.Tests.Contract;

/// <summary>The rules that keep the house readable, held against the source.</summary>
public sealed partial class ArchitectureTests
{
    static readonly string[] Services = ["Cart", "Order", "Payment", "Inventory", "Notification", "Analytics"];

    [Fact]
    public void A_domain_knows_no_database_no_web_and_no_clock()
    {
        foreach (var (file, code) in Sources("services").Where(s => s.File.Contains("/Domain/")))
            Outside().Match(code).Value.ShouldBeEmpty(file);
    }

    [Fact]
    public void No_service_refers_to_another()
    {
        foreach (var service in Services)
            Regex.Matches(File.ReadAllText(Repository.File($"services/{service}/{service}.csproj")), "ProjectReference Include=\"([^\"]+)\"").Select(m => m.Groups[1].Value)
                .ShouldAllBe(reference => reference == "../Hosting/Hosting.csproj" || reference.StartsWith("../../workflows/"), service);
    }

    [Fact]
    public void No_slice_calls_another()
    {
        var files = Sources("services").Where(source => source.File.Contains("/Features/")).ToList();
        string[] slices = [.. files.SelectMany(source => Slice().Matches(source.Code)).Select(match => match.Groups[1].Value)];
        slices.ShouldNotBeEmpty();
        foreach (var (file, code) in files)
            slices.Where(slice => !file.EndsWith($"/{slice}.cs", StringComparison.Ordinal) && Regex.IsMatch(code, $@"\b{slice}\.")).ShouldBeEmpty(file);
    }

    [Fact]
    public void A_slice_is_given_what_it_needs()
    {
        foreach (var (file, code) in Sources("services").Where(source => source.File.Contains("/Features/")))
            Locator().Match(code).Value.ShouldBeEmpty(file);
    }

    [Fact]
    public void The_contracts_refer_to_nothing()
    {
        File.ReadAllText(Repository.File("services/Contracts/Contracts.csproj")).ShouldNotContain("Reference");
    }

    [Fact]
    public void Nothing_waits_for_a_fixed_time_or_reads_the_local_clock()
    {
        foreach (var (file, code) in Sources("services", "workflows/OrderSaga"))
            Banned().Match(code).Value.ShouldBeEmpty(file);
    }

    [Fact]
    public void Money_is_never_a_binary_fraction()
    {
        foreach (var (file, code) in Sources("services/Contracts", "services/Order", "services/Cart", "workflows/OrderSaga").Where(source => !source.File.EndsWith("Metrics.cs", StringComparison.Ordinal)))
            Regex.Match(code, @"\b(double|float)\b").Value.ShouldBeEmpty(file);
    }

    [Fact]
    public void A_skip_is_decided_before_a_test_begins()
    {
        foreach (var (file, code) in Sources("tests").Where(source => !source.File.Contains("/tests/Support/") && !source.File.EndsWith("ArchitectureTests.cs")))
            code.ShouldNotContain("Assert.Skip", Case.Sensitive, file);
    }

    [Fact]
    public void One_place_of_the_tool_writes_colours()
    {
        foreach (var (file, code) in Sources("tools").Where(source => !source.File.EndsWith("/Terminal.cs")))
            Regex.Match(code, "AnsiConsole|Markup|Spectre").Value.ShouldBeEmpty(file);
    }

    static IEnumerable<(string File, string Code)> Sources(params string[] folders) =>
        folders.SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/") && !file.Contains("/bin/") && !file.Contains("/Migrations/"))
            .Select(file => (file, Comments().Replace(File.ReadAllText(file), "")));

    [GeneratedRegex(@"public static (?:partial )?class (\w+)")]
    private static partial Regex Slice();

    // What works in the background opens a scope of its own.
    [GeneratedRegex(@"IServiceProvider|RequestServices|(?<!\bscope\.ServiceProvider\.)Get(Required)?Service<")]
    private static partial Regex Locator();

    [GeneratedRegex(@"Microsoft\.EntityFrameworkCore|Microsoft\.AspNetCore|Dapr\.|UtcNow|DateTime\.Now|HttpContext")]
    private static partial Regex Outside();

    [GeneratedRegex(@"DateTime(Offset)?\.(Now|Today)\b|\.GetAwaiter\(\)\.GetResult\(\)|Task\.Delay\(\d")]
    private static partial Regex Banned();

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comments();
}
