namespace Ecom.Tool;

/// <summary>The folder of EcomDapr.sln and dapr.yaml: the tool works from any folder below it, or from anywhere by its own place.</summary>
static class Repository
{
    public static string Root => Above(Directory.GetCurrentDirectory()) ?? Above(AppContext.BaseDirectory)
        ?? throw new ToolError("EcomDapr.sln is not above this folder: run the tool inside the repository");

    public static string Program(string service) => Path.Combine(Root, "services", service, "bin", $"Ecom.{service}.dll");

    static string? Above(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "EcomDapr.sln")) && File.Exists(Path.Combine(at.FullName, "dapr.yaml")))
                return at.FullName;
        return null;
    }
}
