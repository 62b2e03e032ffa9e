namespace Ecom.Sidecar.Config;

/// <summary>Something that must be put right before the host can start: one line that says where and what to do.</summary>
public sealed class SetupException : Exception
{
    public SetupException(string message) : base(message) { }

    public SetupException(string message, Exception inner) : base(message, inner) { }

    public SetupException() { }
}
