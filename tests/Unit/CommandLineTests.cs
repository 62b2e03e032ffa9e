using System.CommandLine;
using System.Text.RegularExpressions;
using Ecom.Tool;
using Repository = Ecom.Tests.Support.Repository;

namespace Ecom.Tests.Unit;

/// <summary>What the documents tell a reader to type is something the tool understands.</summary>
public sealed partial class CommandLineTests
{
    public static TheoryData<string> Calls =>
        [.. Documents().SelectMany(text => Call().Matches(text).Concat(Row().Matches(text)).Select(match => match.Groups[1].Value.Trim())).Distinct()];

    static readonly Dictionary<string, Command> All = Verbs.Root().Subcommands
        .SelectMany(verb => verb.Subcommands.Select(part => KeyValuePair.Create($"{verb.Name} {part.Name}", part)).Prepend(new(verb.Name, verb))).ToDictionary();

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory, MemberData(nameof(Calls))]
    public void A_call_in_the_documents_is_understood(string call) => Verbs.Root().Parse(call).Errors.Select(error => error.Message).ShouldBeEmpty();

    [Theory, MemberData(nameof(Names))]
    public async Task A_verb_explains_itself_and_each_of_its_options(string name)
    {
        var output = new StringWriter();

        var code = await Verbs.Root().Parse($"{name} --help").InvokeAsync(new InvocationConfiguration { Output = output }, TestContext.Current.CancellationToken);

        code.ShouldBe(0);
        output.ToString().ShouldContain(All[name].Description!.Split('.')[0]);
        foreach (var option in All[name].Options.Where(option => option.Name != "--help"))
            (option.Description ?? "").Length.ShouldBeGreaterThan(10, option.Name);
    }

    [Fact]
    public void The_readme_lists_every_verb() =>
        Row().Matches(File.ReadAllText(Repository.File("README.md"))).Select(row => row.Groups[1].Value.Split(' ')[0]).Order().ShouldBe(Verbs.Root().Subcommands.Select(verb => verb.Name).Order());

    static IEnumerable<string> Documents() =>
        new[] { "README.md", "CONTRIBUTING.md", "spark/README.md" }.Select(file => File.ReadAllText(Repository.File(file)));

    [GeneratedRegex(@"--project tools/Ecom -- ([a-z][^`#\r\n]*)")]
    private static partial Regex Call();

    /// <summary>The table of the verbs.</summary>
    [GeneratedRegex(@"(?m)^\| `([a-z-]+(?: [^`]*)?)` \|")]
    private static partial Regex Row();
}
