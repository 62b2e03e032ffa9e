using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>The host's folder. Its lock is a file held open, which the system releases however the host ends.</summary>
sealed class DataFolder : IDisposable
{
    const string LockFile = "host.lock";

    readonly string folder;
    readonly FileStream held;

    DataFolder(string folder, FileStream held) => (this.folder, this.held) = (folder, held);

    public static DataFolder Lock(string path)
    {
        var folder = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(folder);
            return new DataFolder(folder, new FileStream(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
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

    /// <summary>Whether a host works in it now.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using var free = new FileStream(Path.Combine(path, LockFile), FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public string FullPath => folder;

    public string File(string name) => Path.Combine(folder, name);

    public void Dispose() => held.Dispose();
}
