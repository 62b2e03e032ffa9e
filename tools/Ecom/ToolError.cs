namespace Ecom.Tool;

/// <summary>Something the user can mend: its message is the whole output, one line, and the exit code is 2.</summary>
sealed class ToolError(string message) : Exception(message);

/// <summary>What the process answers; <c>ecom --help</c> prints the same.</summary>
static class Exit
{
    public const int Ok = 0;
    public const int NotSo = 1;
    public const int CannotRun = 2;
    public const int Interrupted = 130;
}
