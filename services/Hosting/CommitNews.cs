using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Ecom.Hosting;

/// <summary>For migrations: PostgreSQL tells the other replicas of a commit, on a channel named as the schema: «table replica key» (<see cref="PostgresLine"/> hears it).</summary>
public static class CommitNews
{
    const string Function = "announce_commit";

    /// <summary>Each commit that adds rows to the table is told, once a statement.</summary>
    public static void AnnounceAdded(this MigrationBuilder migration, string schema, string table) =>
        Announce(migration, schema, table, "INSERT", "STATEMENT", "''");

    /// <summary>Each row that is added or changed is told by its key.</summary>
    public static void AnnounceRows(this MigrationBuilder migration, string schema, string table, string key) =>
        Announce(migration, schema, table, "INSERT OR UPDATE", "ROW", $"NEW.{key}");

    /// <summary>A SQLite file has no other replica, and its migrations are these too.</summary>
    static void Announce(MigrationBuilder migration, string schema, string table, string change, string each, string key)
    {
        if (migration.IsNpgsql())
            migration.Sql($"""
                CREATE OR REPLACE FUNCTION {schema}.{Function}_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  PERFORM pg_notify('{schema}', '{table} ' || current_setting('application_name') || ' ' || {key});
                  RETURN NULL;
                END $$;
                DROP TRIGGER IF EXISTS {Function} ON {schema}.{table};
                CREATE TRIGGER {Function} AFTER {change} ON {schema}.{table} FOR EACH {each} EXECUTE FUNCTION {schema}.{Function}_{table}();
                """);
    }
}
