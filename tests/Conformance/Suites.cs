namespace Ecom.Tests.Conformance;

[CollectionDefinition("embedded")]
public sealed class Embedded : ICollectionFixture<EmbeddedSidecars>;

[CollectionDefinition("real")]
public sealed class Real : ICollectionFixture<RealSidecars>;

// One suite, two worlds: what passes in one and not in the other is a difference from Dapr.
[Collection("embedded")]
public sealed class EmbeddedPubSub(EmbeddedSidecars sidecars) : PubSubSuite(sidecars);

[Collection("embedded")]
public sealed class EmbeddedApi(EmbeddedSidecars sidecars) : ApiSuite(sidecars);

[Collection("real")]
public sealed class RealPubSub(RealSidecars sidecars) : PubSubSuite(sidecars);

[Collection("real")]
public sealed class RealApi(RealSidecars sidecars) : ApiSuite(sidecars);
