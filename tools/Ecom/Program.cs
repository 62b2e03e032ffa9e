using System.CommandLine;
using Ecom.Sidecar.Config;
using Ecom.Tool;

Terminal.Configure();
var root = new RootCommand("""
    The shop: start it, watch it, load it, check its books.

    Exit codes: 0 it is so; 1 it is not (an order is stuck, the books do not add up, something is missing);
    2 it cannot run (a port taken, a setting or a file that cannot be read, a wrong option); 130 stopped by Ctrl-C.
    """)
{
    Up.Command(), Demo.Command(), Load.Command(), Audit.Command(), Doctor.Command(), Setup.Command(), Events.Command(),
};
var asked = root.Parse(args);
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
