using System.Text.RegularExpressions;
using Ecom.Tests.Support;

namespace Ecom.Tests.Contract;

/// <summary>What the documents say is said by the code, and the files they name are there.</summary>
public sealed partial class DocumentsTests
{
    static readonly Lazy<string> Code = new(() => string.Join('\n', new[] { "services", "workflows", "sidecar", "spark", "tools" }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"))
        .Select(File.ReadAllText)));

    public static TheoryData<string> Messages =>
        [.. Message().Matches(File.ReadAllText(Repository.File("docs/troubleshooting.md"))).Select(match => match.Groups[1].Value).Distinct()];

    public static TheoryData<string> Files =>
        [.. Row().Matches(File.ReadAllText(Repository.File("docs/from-python.md"))).SelectMany(row => Quoted().Matches(row.Groups[1].Value).Select(match => match.Groups[1].Value)).Distinct()];

    /// <summary>Each document, what it links to, and the files that it names from the root on.</summary>
    public static TheoryData<string, string> Links => new(
        from document in (string[])[.. Directory.EnumerateFiles(Repository.Root, "*.md"), .. Folders.SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.md", SearchOption.AllDirectories))]
        let text = File.ReadAllText(document)
        let links = Link().Matches(text).Select(match => Path.Combine(Path.GetDirectoryName(document)!, match.Groups[1].Value))
        from file in links.Concat(Named().Matches(text).Select(match => Repository.File(match.Groups[1].Value)))
        select (Path.GetRelativePath(Repository.Root, document), Path.GetRelativePath(Repository.Root, file)));

    static readonly string[] Folders = ["docs", "services", "spark"];

    [Theory, MemberData(nameof(Messages))]
    public void A_message_to_be_troubled_by_is_one_that_the_code_can_say(string message)
    {
        string[] parts = [.. message.Split('…').Select(part => part.Trim()).Where(part => part.Length > 3)];

        parts.ShouldNotBeEmpty();
        parts.ShouldAllBe(part => Code.Value.Contains(part, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Files))]
    public void A_file_that_a_newcomer_is_sent_to_is_there(string path) => Path.Exists(Repository.File(path)).ShouldBeTrue();

    [Theory, MemberData(nameof(Links))]
    public void What_a_document_leads_to_is_there(string document, string file) =>
        Path.Exists(Repository.File(file)).ShouldBeTrue($"{document} leads to {file}");

    public static TheoryData<string> Proofs => [.. Proof().Matches(File.ReadAllText(Repository.File("SECURITY.md"))).Select(match => match.Groups[1].Value)];

    [Theory, MemberData(nameof(Proofs))]
    public void A_test_that_is_said_to_show_a_threat_is_there(string name) =>
        Directory.EnumerateFiles(Repository.File("tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).Count(text => Regex.IsMatch(text, $@"public (async )?(void|Task) {name}\(")).ShouldBe(1);

    /// <summary>A link to a file, without the place in it.</summary>
    [GeneratedRegex(@"\]\((?!\w+:)([^)#\s]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:components|docs|services|sidecar|spark|tests|tools|workflows)/[^`\s]*)`")]
    private static partial Regex Named();

    /// <summary>The first cell of a row, where it is a message; an HTTP status may stand before it.</summary>
    [GeneratedRegex(@"(?m)^\| (?:\d{3} )?`([^`]+)` \|")]
    private static partial Regex Message();

    /// <summary>The last cell of a row.</summary>
    [GeneratedRegex(@"(?m)^\|[^|\n]*\|[^|\n]*\| (`[^|\n]+) \|$")]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    /// <summary>A test's name: a sentence.</summary>
    [GeneratedRegex("`([A-Z][A-Za-z]*_[a-z][A-Za-z_]+)`")]
    private static partial Regex Proof();
}
