using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

[CollectionDefinition("embedded")]
public sealed class Embedded : ICollectionFixture<EmbeddedSidecars>;

[CollectionDefinition("without sockets")]
public sealed class WithoutSockets : ICollectionFixture<EmbeddedWithoutSockets>;

[CollectionDefinition("real")]
public sealed class Real : ICollectionFixture<RealSidecars>;

/// <summary>Of tests that change this process's environment.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

// One suite, three worlds: what passes in one and not in the other is a difference from Dapr.
[Collection("embedded")]
public sealed class EmbeddedPubSub(EmbeddedSidecars sidecars) : PubSubSuite(sidecars);

[Collection("embedded")]
public sealed class EmbeddedApi(EmbeddedSidecars sidecars) : ApiSuite(sidecars);

[Collection("without sockets")]
public sealed class WithoutSocketsPubSub(EmbeddedWithoutSockets sidecars) : PubSubSuite(sidecars);

[Collection("without sockets")]
public sealed class WithoutSocketsApi(EmbeddedWithoutSockets sidecars) : ApiSuite(sidecars);

[Collection("real")]
[Needs(RealSidecars.Needed)]
public sealed class RealPubSub(RealSidecars sidecars) : PubSubSuite(sidecars);

[Collection("real")]
[Needs(RealSidecars.Needed)]
public sealed class RealApi(RealSidecars sidecars) : ApiSuite(sidecars);

[Collection("embedded")]
public sealed class EmbeddedWorkflowHttp(EmbeddedSidecars sidecars) : WorkflowHttpSuite(sidecars);

[Collection("without sockets")]
public sealed class WithoutSocketsWorkflowHttp(EmbeddedWithoutSockets sidecars) : WorkflowHttpSuite(sidecars);

[Collection("real")]
[Needs(RealSidecars.Needed)]
public sealed class RealWorkflowHttp(RealSidecars sidecars) : WorkflowHttpSuite(sidecars);
