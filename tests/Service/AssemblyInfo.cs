using Ecom.Tests.Support;

// Started by the first test that wants it.
[assembly: AssemblyFixture(typeof(SharedPostgres))]
