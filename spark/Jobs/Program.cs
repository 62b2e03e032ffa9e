using System.CommandLine;
using Ecom.Spark.Connect;
using Ecom.Spark.Jobs;

var code = Run(args);
Detached.Ended(code);
return code;

static int Run(string[] args)
{
    var call = CommandLine.Root(args).Parse(args);
    if (call.Errors.Count > 0)
        return Fail(ExitCodes.WrongCall, string.Join("; ", call.Errors.Select(error => error.Message)));
    try
    {
        return call.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }
    catch (JobException e)
    {
        return Fail(e.ExitCode, e.Message);
    }
    catch (SparkException e)
    {
        return Fail(e is SparkConnectionException ? ExitCodes.ServerUnreachable : ExitCodes.QueryFailed, e.Message);
    }
    catch (FormatException e)
    {
        return Fail(ExitCodes.WrongCall, e.Message);
    }
}

static int Fail(int code, string message)
{
    Console.Error.WriteLine("error: " + message);
    return code;
}
