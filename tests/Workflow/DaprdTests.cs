using Ecom.Tests.Support;

namespace Ecom.Tests.Workflow;

[Needs(Runtime.Dapr)]
public sealed class DaprdTests(DaprdFixture daprd) : WorkflowSuite(daprd), IClassFixture<DaprdFixture>;
