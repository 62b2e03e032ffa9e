using System.Reflection;
using Xunit.v3;

namespace Ecom.Tests.Support;

/// <summary>The real programs a test cannot do without. Asked before its body, where no assertion can swallow the skip.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NeedsAttribute(Runtime runtimes) : BeforeAfterTestAttribute
{
    public Runtime Runtimes => runtimes;

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (Support.Runtimes.Lacking(runtimes) is not { } reason)
            return;
        TestContext.Current.SendDiagnosticMessage($"{test.TestDisplayName} is skipped. {reason}");
        Assert.Skip(reason);
    }
}
