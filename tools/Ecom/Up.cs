using System.CommandLine;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Sidecar;

namespace Ecom.Tool;

/// <summary>The whole shop, embedded, until Ctrl-C.</summary>
static class Up
{
    /// <summary>Said when every service is ready.</summary>
    public const string Begun = "Ctrl-C stops everything";

    /// <summary>Set by a program that holds the other end of its input: with that it ends, too.</summary>
    public const string StopWithInput = "ECOM_STOP_WITH_STDIN";

    public static Command Command()
    {
        var options = new ShopOptions();
        var command = new Command("up", "Start everything embedded and leave it running until Ctrl-C.");
        options.AddStartTo(command);
        command.SetAction((parsed, cancel) => Run(options.Read(parsed), OrInputEnds(cancel)));
        return command;
    }

    static async Task<int> Run(ShopChoice choice, CancellationToken cancel)
    {
        await using var shop = await Shop.Open(choice, Show, cancel);
        Terminal.Line();
        Terminal.Table(["app", "address", "pages", "sidecar"], shop.Addresses.Apps.Select(app => (IReadOnlyList<string>)
            [app.AppId, $"http://localhost:{app.AppPort}", app.AppId == AppIds.Analytics ? "/  /docs  /health/ready  /metrics" : "/docs  /health/ready  /metrics", $"http {app.HttpPort}, grpc {app.GrpcPort}"]));
        Terminal.Line();
        Terminal.Line($"the shop as a page: {shop.Addresses.App(AppIds.Analytics).GetLeftPart(UriPartial.Authority)}");
        Terminal.Line($"mail caught: http://localhost:{shop.Addresses.MailPort}   data: {choice.DataFolder}");
        Terminal.Line($"the sidecars' token (header dapr-api-token): {Path.Combine(choice.DataFolder, TokenFile.Name)}");
        Terminal.Line($"who is let in: {WhoIsLetIn()}");
        Terminal.Line($"{Begun}");
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            Terminal.Line($"stopping");
        }
        return Exit.Interrupted;
    }

    static string WhoIsLetIn() => (Setting.Text(Operators.Setting), Setting.Text("AUTH_AUTHORITY")) switch
    {
        (null, null) => $"every program on this machine, as {Operators.Setting} is not set",
        (_, { } authority) => $"who has a token of {authority}",
        _ => $"every program on this machine; operators by {Operators.Setting}",
    };

    static CancellationToken OrInputEnds(CancellationToken cancel)
    {
        if (Setting.Text(StopWithInput) is null)
            return cancel;
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // A thread of its own: reading a pipe cannot be cancelled everywhere.
        new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            input.CopyTo(Stream.Null);
            stop.Cancel();
        })
        {
            IsBackground = true,
            Name = "stop with input",
        }.Start();
        return stop.Token;
    }

    /// <summary>Past Spectre, which measures each character: these are thousands of lines.</summary>
    static void Show(string appId, string line) => Console.Out.WriteLine(Terminal.Live ? $"\e[90m{appId,-20}\e[0m {line}" : $"{appId,-20} {line}");
}
