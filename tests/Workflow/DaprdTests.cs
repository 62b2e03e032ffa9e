using Ecom.Tests.Support;

namespace Ecom.Tests.Workflow;

public sealed class DaprdTests : WorkflowSuite, IClassFixture<DaprdFixture>
{
    public DaprdTests(DaprdFixture daprd)
        : base(daprd) => Runtimes.Require(Runtime.Dapr);
}
