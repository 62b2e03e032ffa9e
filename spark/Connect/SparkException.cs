namespace Ecom.Spark.Connect;

/// <summary>An error that the Spark server reported, with Spark's own error class and message.</summary>
public class SparkException : Exception
{
    /// <summary>Creates the error from what the server told about it.</summary>
    public SparkException(string message, string? errorClass = null, string? sqlState = null, string? javaClass = null, Exception? inner = null)
        : base(message, inner)
    {
        ErrorClass = errorClass;
        SqlState = sqlState;
        JavaClass = javaClass;
    }

    /// <summary>Spark's error class, for example <c>UNRESOLVED_COLUMN.WITH_SUGGESTION</c>; null where Spark has none.</summary>
    public string? ErrorClass { get; }

    /// <summary>The SQLSTATE of the error class.</summary>
    public string? SqlState { get; }

    /// <summary>The Java class of the exception on the server.</summary>
    public string? JavaClass { get; }

    /// <summary>This error and what caused it, outermost first.</summary>
    public IEnumerable<SparkException> Chain()
    {
        for (Exception? e = this; e is not null; e = e.InnerException)
        {
            if (e is SparkException spark)
                yield return spark;
        }
    }
}

/// <summary>The Spark server cannot be reached, or went away for longer than the client waits.</summary>
public sealed class SparkConnectionException(string message, Exception? inner = null) : SparkException(message, inner: inner);
