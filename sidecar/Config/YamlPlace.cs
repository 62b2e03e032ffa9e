using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ecom.Sidecar.Config;

/// <summary>
/// A place in a YAML file that is read field by field: every field must be known, and every
/// complaint names the file and the line.
/// </summary>
sealed class YamlPlace(string file, YamlNode node, string name)
{
    readonly HashSet<string> asked = [];

    public static IEnumerable<YamlPlace> Load(string file)
    {
        var stream = new YamlStream();
        try
        {
            using var reader = new StreamReader(file);
            stream.Load(reader);
        }
        catch (YamlException e)
        {
            throw new SetupException($"{file}:{e.Start.Line}: this is not valid YAML: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SetupException($"{file}: there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"{file}: cannot be read: {e.Message}", e);
        }
        return stream.Documents.Select(d => new YamlPlace(file, d.RootNode, "the document")).ToList();
    }

    public string Name => name;

    public string FullName => $"{Path.GetFileName(file)}:{node.Start.Line}";

    public SetupException Wrong(string what) => new($"{file}:{node.Start.Line}: {what}");

    public YamlPlace? Find(string field)
    {
        asked.Add(field);
        if (node is not YamlMappingNode map) throw Wrong($"{name} must be a mapping (field: value)");
        var found = map.Children.FirstOrDefault(c => c.Key is YamlScalarNode k && k.Value == field);
        return found.Value is null or YamlScalarNode { Value: null or "", Style: ScalarStyle.Plain }
            ? null
            : new YamlPlace(file, found.Value, $"'{field}'");
    }

    public YamlPlace Get(string field) => Find(field) ?? throw Wrong($"{name} lacks the field '{field}'");

    public string Text() => node is YamlScalarNode { Value: { } value } ? value : throw Wrong($"{name} must be a single value");

    public string? Text(string field) => Find(field)?.Text();

    public int? Number(string field) => Find(field) is not { } place ? null
        : int.TryParse(place.Text(), out var n) ? n : throw place.Wrong($"{place.Name} must be a whole number, not '{place.Text()}'");

    public bool? Flag(string field) => Find(field) is not { } place ? null
        : bool.TryParse(place.Text(), out var b) ? b : throw place.Wrong($"{place.Name} must be true or false, not '{place.Text()}'");

    public TimeSpan? Duration(string field) => Find(field) is not { } place ? null
        : Durations.TryParse(place.Text(), out var d) ? d : throw place.Wrong($"{place.Name} must be a duration such as 500ms, 10s, 5m or 24h, not '{place.Text()}'");

    public IReadOnlyList<YamlPlace> List(string field)
    {
        if (Find(field) is not { } place) return [];
        return place.Node is YamlSequenceNode list
            ? [.. list.Children.Select(c => new YamlPlace(file, c, $"an entry of {place.Name}"))]
            : throw place.Wrong($"{place.Name} must be a list (- entry)");
    }

    public IReadOnlyList<string> Texts(string field) => [.. List(field).Select(p => p.Text())];

    public IReadOnlyDictionary<string, YamlPlace> Map(string field)
    {
        if (Find(field) is not { } place) return new Dictionary<string, YamlPlace>();
        return place.Node is YamlMappingNode map
            ? map.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => new YamlPlace(file, c.Value, $"'{c.Key}'"))
            : throw place.Wrong($"{place.Name} must be a mapping (name: value)");
    }

    /// <summary>Call when every field was asked for: whatever else stands there is a mistake.</summary>
    public void NothingElse()
    {
        foreach (var (key, _) in ((YamlMappingNode)node).Children)
        {
            var field = ((YamlScalarNode)key).Value!;
            if (!asked.Contains(field))
                throw new SetupException($"{file}:{key.Start.Line}: unknown field '{field}'; known here: {string.Join(", ", asked.Order())}");
        }
    }

    YamlNode Node => node;
}
