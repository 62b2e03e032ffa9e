using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>This program and the database do not fit: the service says so in one line and ends with exit code 2.</summary>
public sealed class SchemaException(string message, Exception? cause = null) : Exception(message, cause)
{
    public static async Task RefuseNewer(DbContext db) => RefuseNewer(await db.Database.GetAppliedMigrationsAsync(), db.Database.GetMigrations());

    /// <summary>The database has migrations that this program does not know: a later one made them, and this one would write beside what they mean.</summary>
    public static void RefuseNewer(IEnumerable<string> applied, IEnumerable<string> known)
    {
        if (applied.Except(known).LastOrDefault() is { } unknown)
            throw new SchemaException($"The schema is newer than this program, which does not know its migration {unknown}: run the later program, or go back to a backup.");
    }

    /// <summary>An earlier program's rows do not fit today's tables.</summary>
    public static SchemaException OfMisfit(string file, Exception why) =>
        new($"{file} is of an earlier release and cannot be carried over ({why.Message}); it is as it was. Run that release, or move its folder away to begin anew.", why);
}
