using System.Diagnostics;
using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Ecom.Tool;

/// <summary>Plain lines where the output is a file or a pipe: no colours, no cursor movement, no wrapping at column 80.</summary>
static class Terminal
{
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(2), Glance = TimeSpan.FromMilliseconds(250);

    public static bool Live => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;

    public static void Configure()
    {
        // Without this, a runtime that does not know the console's encoding writes "?" for the arrow of an order's way.
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 400;
    }

    public static void Line() => AnsiConsole.WriteLine();

    /// <summary>Only what the code says itself is read for colours: whatever is put in may come from outside, and stays as it is.</summary>
    public static void Line(FormattableString text) => AnsiConsole.MarkupLine(Escaped(text));

    public static void Part(FormattableString text) => AnsiConsole.Markup(Escaped(text));

    public static Coloured Green(object text) => new("green", text);

    public static Coloured Yellow(object text) => new("yellow", text);

    public static Coloured Red(object text) => new("red", text);

    public static Coloured Plain(object text) => new(null, text);

    internal static string Escaped(FormattableString text) => string.Format(new Escaping(), text.Format, text.GetArguments());

    /// <summary>A part of a line in a colour.</summary>
    public sealed record Coloured(string? Colour, object Text)
    {
        public string Markup => Colour is null ? Spectre.Console.Markup.Escape($"{Text}") : $"[{Colour}]{Spectre.Console.Markup.Escape($"{Text}")}[/]";
    }

    sealed class Escaping : IFormatProvider, ICustomFormatter
    {
        public object? GetFormat(Type? type) => type == typeof(ICustomFormatter) ? this : null;

        public string Format(string? format, object? part, IFormatProvider? provider) => part switch
        {
            Coloured coloured => coloured.Markup,
            IFormattable value => Markup.Escape(value.ToString(format, CultureInfo.InvariantCulture)),
            _ => Markup.Escape($"{part}"),
        };
    }

    /// <summary>Asks before something is destroyed.</summary>
    public static bool Agrees(FormattableString question)
    {
        if (Console.IsInputRedirected)
            throw new ToolError("nobody can be asked whether to delete for good: say --yes");
        Part(question);
        Part($" [[y/N]] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>A spinner with the step's name on a terminal; elsewhere the name as a line.</summary>
    public static async Task<T> Working<T>(string step, Func<Task<T>> work)
    {
        if (Live)
            return await AnsiConsole.Status().StartAsync(Markup.Escape(step), _ => work());
        Line($"{step}");
        return await work();
    }

    /// <summary>A bar on a terminal; elsewhere a line every few seconds.</summary>
    public static async Task Counting(string what, int total, Func<Action<int>, Task> work)
    {
        if (Live)
        {
            await AnsiConsole.Progress().StartAsync(async progress =>
            {
                var bar = progress.AddTask(Markup.Escape(what), maxValue: total);
                await work(done => bar.Value = done);
            });
            return;
        }
        var next = Stopwatch.StartNew();
        await work(done =>
        {
            if (next.Elapsed < Silence && done < total)
                return;
            Line($"{done} of {total} {what}");
            next.Restart();
        });
    }

    /// <summary>How far the work is, again and again: one line on a terminal, a line every few seconds elsewhere.</summary>
    public static async Task Telling(Func<string> now, Func<Task> work)
    {
        if (Live)
            await AnsiConsole.Status().StartAsync(Markup.Escape(now()), status => During(work(), () => status.Status = Markup.Escape(now()), Glance));
        else
            await During(work(), () => Line($"{now()}"), Silence);
        Line($"{now()}");
    }

    static async Task During(Task work, Action tell, TimeSpan pause)
    {
        while (await Task.WhenAny(work, Task.Delay(pause)) != work)
            tell();
        await work;
    }

    public static void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(new TableColumn($"[bold]{Markup.Escape(column)}[/]").NoWrap().Padding(0, 0, 3, 0));
        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        AnsiConsole.Write(table);
    }
}
