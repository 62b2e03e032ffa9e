using System.Diagnostics;
using System.Text;
using Spectre.Console;

namespace Ecom.Tool;

/// <summary>Plain lines where the output is a file or a pipe: no colours, no cursor movement, no wrapping at column 80.</summary>
static class Terminal
{
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    public static bool Live => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;

    public static void Configure()
    {
        // Without this, a runtime that does not know the console's encoding writes "?" for the arrow of an order's way.
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 400;
    }

    public static void Line(string markup = "") => AnsiConsole.MarkupLine(markup);

    public static void Part(string markup) => AnsiConsole.Markup(markup);

    public static string Plain(string text) => Markup.Escape(text);

    /// <summary>A spinner with the step's name on a terminal; elsewhere the name as a line.</summary>
    public static async Task<T> Working<T>(string step, Func<Task<T>> work)
    {
        if (Live)
            return await AnsiConsole.Status().StartAsync(Plain(step), _ => work());
        Line(Plain(step));
        return await work();
    }

    /// <summary>A bar on a terminal; elsewhere a line every few seconds.</summary>
    public static async Task Counting(string what, int total, Func<Action<int>, Task> work)
    {
        if (Live)
        {
            await AnsiConsole.Progress().StartAsync(async progress =>
            {
                var bar = progress.AddTask(Plain(what), maxValue: total);
                await work(done => bar.Value = done);
            });
            return;
        }
        var next = Stopwatch.StartNew();
        await work(done =>
        {
            if (next.Elapsed < Silence && done < total)
                return;
            Line($"{done} of {total} {Plain(what)}");
            next.Restart();
        });
    }

    public static void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(new TableColumn($"[bold]{Plain(column)}[/]").NoWrap().Padding(0, 0, 3, 0));
        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => new Markup(cell))]);
        AnsiConsole.Write(table);
    }
}
