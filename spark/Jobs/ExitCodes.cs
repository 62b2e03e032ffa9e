namespace Ecom.Spark.Jobs;

/// <summary>How the program ends; a script tells the cases apart by these.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int QueryFailed = 1;
    public const int WrongCall = 2;
    public const int ServerUnreachable = 3;
    public const int KafkaUnreachable = 4;
    public const int ForeignCheckpoint = 5;
}

/// <summary>Ends the program with a message in plain words and an exit code.</summary>
public class JobException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode => exitCode;
}

/// <summary>No broker answers; one that comes back mends it.</summary>
public sealed class KafkaAwayException(string message, Exception? inner = null) : JobException(ExitCodes.KafkaUnreachable, message, inner);
