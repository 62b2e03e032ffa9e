namespace Ecom.Hosting;

/// <summary>A named moment at which a test lets this process die, stand still, or lose the answer to what it has done (tests/Support/StartupHook.cs). Without that nothing is there to be reached.</summary>
public static class CrashPoint
{
    static readonly Action<string>? reached = AppContext.GetData("Ecom.CrashPoint") as Action<string>;

    public static void Reach(string name) => reached?.Invoke(name);
}
