namespace Ecom.Tool;

/// <summary>The environment's settings, read as the services read them: what is empty is not set.</summary>
static class Setting
{
    public static string? Text(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <param name="refusal">What is said of a text that is no number, or out of bounds: whole, so that who looks for the message finds it.</param>
    /// <exception cref="ToolError">With the refusal.</exception>
    public static int Number(string name, int otherwise, int least, int most, Func<string, string> refusal) => Text(name) is not { } text ? otherwise
        : int.TryParse(text, out var number) && number >= least && number <= most ? number
        : throw new ToolError(refusal(text));
}
