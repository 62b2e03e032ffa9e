using System.Diagnostics.Metrics;

namespace Ecom.Hosting;

/// <summary>The business meter; <c>/metrics</c> shows what is counted on it.</summary>
public static class Metrics
{
    public const string Name = "Ecom";

    public static Meter Meter { get; } = new(Name);
}
