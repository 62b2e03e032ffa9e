namespace Ecom.Spark.Connect.Wire;

/// <summary>The one place where a caller's thread waits: every method that answers at once is its asynchronous twin, waited for.</summary>
internal static class Waiting
{
    // The library never goes back to its caller's context, so nothing waits for the thread that waits here.
    public static T Now<T>(this Task<T> task) => task.GetAwaiter().GetResult();

    public static void Now(this Task task) => task.GetAwaiter().GetResult();
}
