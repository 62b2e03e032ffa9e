using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>The host's folder. Its lock is a file held open, which the system releases however the host ends.</summary>
sealed class DataFolder : IDisposable
{
    readonly string folder;
    readonly FileStream held;

    DataFolder(string folder, FileStream held) => (this.folder, this.held) = (folder, held);

    public static DataFolder Lock(string path)
    {
        var folder = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(folder);
            return new DataFolder(folder, new FileStream(Path.Combine(folder, "host.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is UnauthorizedAccessException)
        {
            throw new SetupException($"{folder}: cannot be written: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new SetupException($"{folder}: is in use by another host (or cannot be written); stop it or give this one another folder. {e.Message}", e);
        }
    }

    public string FullPath => folder;

    public string File(string name) => Path.Combine(folder, name);

    public void Dispose() => held.Dispose();
}
