using System.Runtime.CompilerServices;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>This test program, started again as an embedded host that can be killed.</summary>
static class HostInAProcess
{
    public const string Variable = "ECOM_TEST_HOST";
    /// <summary>Instead of a host: a program that does nothing and takes no notice of its end of input.</summary>
    public const string Deaf = "deaf";

    public static ChildProcess Start(string runFile, string resources, string data, int mailPort, bool startApps = false) =>
        ChildProcess.Start("host", "dotnet", [typeof(HostInAProcess).Assembly.Location], new Dictionary<string, string?> { [Variable] = $"{runFile}|{resources}|{data}|{mailPort}|{startApps}" });

    // Before the test runner's own Main: the process is either a host or a test run.
    [ModuleInitializer]
    internal static void BecomeHost()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text)
            return;
        Environment.SetEnvironmentVariable(Variable, null);
        if (text == Deaf)
            Thread.Sleep(Timeout.Infinite);
        var parts = text.Split('|');
        var options = new EmbeddedHostOptions
        {
            RunFile = parts[0],
            ResourcesPath = parts[1],
            DataFolder = parts[2],
            MailPort = int.Parse(parts[3]),
            StartApps = bool.Parse(parts[4]),
            Output = (app, line) => Console.WriteLine($"{app} | {line}"),
        };
        try
        {
            _ = Task.Run(() => EmbeddedHost.Start(options)).GetAwaiter().GetResult();
        }
        catch (SetupException e)
        {
            Console.Error.WriteLine(e.Message);
            Environment.Exit(2);
        }

        Thread.Sleep(Timeout.Infinite);
    }
}
