using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>The database has migrations that this program does not know: a later one made them, and this one would write beside what they mean.</summary>
public sealed class NewerSchemaException(string migration) : Exception($"The schema is newer than this program, which does not know its migration {migration}: run the later program, or go back to a backup.")
{
    public static async Task Refuse(DbContext db)
    {
        if ((await db.Database.GetAppliedMigrationsAsync()).Except(db.Database.GetMigrations()).LastOrDefault() is { } unknown)
            throw new NewerSchemaException(unknown);
    }
}
