using System.CommandLine;
using Ecom.Sidecar.Config;
using Ecom.Tool;

Terminal.Configure();
var asked = Verbs.Root().Parse(args);
if (asked.Errors.Count > 0)
{
    await asked.InvokeAsync();
    return Exit.CannotRun;
}
try
{
    return await asked.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        // Long enough for the shop to stop in order; what hangs longer is left by then.
        ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
    });
}
catch (OperationCanceledException)
{
    return Exit.Interrupted;
}
catch (Exception known) when (known is ToolError or SetupException)
{
    await Console.Error.WriteLineAsync(known.Message);
    return Exit.CannotRun;
}
catch (Refused refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return Exit.NotSo;
}
