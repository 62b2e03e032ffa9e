using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Storage;

/// <summary>The file's own note of who can read it. A change of the tables that an earlier host could not live with counts it up.</summary>
static class FileVersion
{
    const long Known = 1;

    /// <summary>A file without a note, or of an earlier version, becomes this one's.</summary>
    /// <exception cref="SetupException">A later host has written it.</exception>
    public static void Claim(string file)
    {
        using var db = new Db(file);
        var version = db.Query("PRAGMA user_version", row => row.GetInt64(0))[0];
        if (version > Known) throw new SetupException($"{file}: is of a later release (version {version}, this one knows {Known}): run that, or give this one another folder");
        db.Script($"PRAGMA user_version = {Known}");
    }
}
