using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>
/// The services and sidecars of a run file: by `dapr run` where its CLI is, else started one by one as it would,
/// the sidecars in containers where the machine lacks their program.
/// </summary>
abstract class DaprRun(RunFile run) : IAsyncDisposable
{
    readonly List<ChildProcess> revived = [];

    public static async Task<DaprRun> Start(RunFile run, TempFolder folder, string components, string names, DaprControlPlane plane, Dictionary<string, string?> environment)
    {
        var configuration = run.WriteConfiguration(folder, names);
        return Runtimes.DaprCli is { } cli
            ? new ByCli(run, ChildProcess.Start("dapr run", cli, ["run", "-f", run.Write(folder, components, configuration, plane)], environment, folder.Path))
            : await ByHand.Start(run, components, configuration, plane, environment);
    }

    /// <summary>When the time is up it fails with the last lines of what runs here.</summary>
    public abstract Task WaitUntil(Func<Task<bool>> ready, TimeSpan patience, string what);

    public LinuxProcess AppOf(string appId) => Find(process => process.Arguments[0].Contains("dotnet", StringComparison.Ordinal) && process.Environment.GetValueOrDefault("APP_PORT") == $"{Run.AppPort(appId)}", appId);

    /// <summary>kill -9. `dapr run` leaves what died where it lies.</summary>
    /// <returns>Brings it back, as Kubernetes, or a person, starts the same program again.</returns>
    public Action TakeAwayApp(string appId) => TakeAway(AppOf(appId));

    /// <inheritdoc cref="TakeAwayApp"/>
    public abstract Action TakeAwaySidecar(string appId);

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var process in revived)
            await process.DisposeAsync();
    }

    protected RunFile Run => run;

    protected abstract IReadOnlyList<int> Parents { get; }

    protected LinuxProcess Find(Func<LinuxProcess, bool> match, string appId) =>
        LinuxProcess.ChildrenOf(Parents).SingleOrDefault(process => process.Arguments.Length > 0 && match(process))
        ?? throw new InvalidOperationException($"{appId} does not run.\n{Tail()}");

    protected Action TakeAway(LinuxProcess process)
    {
        process.Kill();
        return () => revived.Add(process.StartAgain());
    }

    protected abstract string Tail();

    sealed class ByCli(RunFile run, ChildProcess dapr) : DaprRun(run)
    {
        protected override IReadOnlyList<int> Parents => [dapr.Id, Environment.ProcessId];

        public override Task WaitUntil(Func<Task<bool>> ready, TimeSpan patience, string what) => dapr.WaitUntil(ready, patience, what);

        public override Action TakeAwaySidecar(string appId) =>
            TakeAway(Find(process => process.Arguments[0].EndsWith("daprd", StringComparison.Ordinal) && process.Arguments.Contains($"{Run.SidecarPort(appId)}"), appId));

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await dapr.Stop(TimeSpan.FromSeconds(30));
        }

        protected override string Tail() => dapr.Tail();
    }

    sealed class ByHand(RunFile run) : DaprRun(run)
    {
        readonly Dictionary<string, Daprd> sidecars = [];
        readonly List<ChildProcess> apps = [];

        protected override IReadOnlyList<int> Parents => [Environment.ProcessId];

        public static async Task<ByHand> Start(RunFile run, string components, string configuration, DaprControlPlane plane, Dictionary<string, string?> environment)
        {
            var byHand = new ByHand(run);
            try
            {
                foreach (var app in run.AppIds.Select(run.Of))
                {
                    byHand.apps.Add(ChildProcess.Start(app.Id, app.Command[0], app.Command[1..], new Dictionary<string, string?>(environment.Concat(app.Environment)), app.Folder));
                    byHand.sidecars[app.Id] = await Daprd.Start(app.Id, components, configuration, app.Port, plane, environment, app.Sidecar);
                }
                return byHand;
            }
            catch
            {
                await byHand.DisposeAsync();
                throw;
            }
        }

        public override async Task WaitUntil(Func<Task<bool>> ready, TimeSpan patience, string what)
        {
            try
            {
                await Eventually.Until(ready, patience, what);
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{e.Message}\n{Tail()}");
            }
        }

        public override Action TakeAwaySidecar(string appId)
        {
            sidecars[appId].Kill();
            return () => sidecars[appId].Start().GetAwaiter().GetResult();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Task.WhenAll(apps.Select(app => app.DisposeAsync().AsTask()).Concat(sidecars.Values.Select(sidecar => sidecar.DisposeAsync().AsTask())));
        }

        protected override string Tail() => string.Join('\n', apps.Select(app => $"{app.Name}:\n{app.Tail(10)}"));
    }
}
