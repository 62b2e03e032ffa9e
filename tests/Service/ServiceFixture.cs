using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>One service for all tests of a class, whose constructor takes <see cref="Service"/>: where the machine lacks the database, they are skipped there.</summary>
public abstract class ServiceFixture(string name, Database database, params (string Name, string Value)[] settings) : IAsyncLifetime
{
    ServiceProcess? service;

    // A skip thrown by a fixture fails its tests; one thrown by a test class's constructor skips them.
    public ServiceProcess Service
    {
        get
        {
            if (database is Database.Postgres)
                Runtimes.Require(Runtime.Postgres);
            return service!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (database is not Database.Postgres || Runtimes.Has(Runtime.Postgres))
            service = await ServiceProcess.Start(name, database, settings.ToDictionary(s => s.Name, s => s.Value));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await (service?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
