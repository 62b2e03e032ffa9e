namespace Ecom.Sidecar;

/// <summary>A named moment at which a test lets this process die, stand still, or lose the answer to what it has done (tests/Support/StartupHook.cs). Without that nothing is there to be reached.</summary>
static class CrashPoint
{
    static readonly Action<string>? Reached = AppContext.GetData("Ecom.CrashPoint") as Action<string>;

    public static void Reach(string name) => Reached?.Invoke(name);
}
