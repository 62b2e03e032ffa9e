using System.Diagnostics;

namespace Ecom.Tests.EndToEnd;

/// <summary>A process that stands still until this is disposed.</summary>
public sealed class Frozen : IDisposable
{
    readonly int process;
    bool woken;

    public Frozen(int process)
    {
        this.process = process;
        Signal("STOP");
    }

    public void Dispose()
    {
        if (!woken)
            Signal("CONT");
        woken = true;
    }

    void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process}"]);
        kill.WaitForExit();
    }
}
