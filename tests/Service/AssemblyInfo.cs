using Ecom.Tests.Service;
using Ecom.Tests.Support;

// Started by the first test that wants them.
[assembly: AssemblyFixture(typeof(SharedPostgres))]
[assembly: AssemblyFixture(typeof(OneOfEach))]
