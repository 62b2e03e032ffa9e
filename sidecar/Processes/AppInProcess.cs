using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>One app as a guest in the host's own process.</summary>
sealed class AppInProcess(AppSpec app, AppProgram program, EmbeddedHostOptions options, Action ended) : AppRunner(app, options, ended)
{
    protected override async Task<string> RunOnce()
    {
        try
        {
            return (await program(Surroundings(), Say, Stopping)).ToString();
        }
        catch (Exception e)
        {
            foreach (var line in e.ToString().Split('\n')) Say(line.TrimEnd());
            return "an exception";
        }
    }
}
