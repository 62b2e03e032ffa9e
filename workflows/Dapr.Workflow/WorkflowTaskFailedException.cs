namespace Dapr.Workflow;

/// <summary>An activity or a child workflow failed, after its retries.</summary>
public class WorkflowTaskFailedException(string message, WorkflowTaskFailureDetails failureDetails) : Exception(message)
{
    public WorkflowTaskFailureDetails FailureDetails { get; } = failureDetails;
}

public class WorkflowTaskFailureDetails(string errorType, string errorMessage, string? stackTrace = null)
{
    /// <summary>The full name of the exception's type.</summary>
    public string ErrorType => errorType;

    public string ErrorMessage => errorMessage;

    public string? StackTrace => stackTrace;

    public bool IsCausedBy<T>() where T : Exception
    {
        // The type came over the wire by its name alone: look where T lives, then where the caller can see.
        var type = typeof(T).Assembly.GetType(errorType) ?? Type.GetType(errorType)
            ?? AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(errorType)).FirstOrDefault(found => found is not null);
        return typeof(T).IsAssignableFrom(type);
    }

    public override string ToString() => $"{errorType}: {errorMessage}";
}
