using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Storage;

namespace Ecom.Hosting;

/// <summary>
/// A service's SQLite file, which always has the tables of today's model. What an earlier program left is carried over at the start, in one
/// transaction: its rows move into bare tables, the migrations that the file lacks take their steps on those, and what comes out fills tables
/// made from the model. So PostgreSQL's migrations serve both, and the file notes them as PostgreSQL does.
/// </summary>
sealed class SqliteTables : IDisposable
{
    const string Notes = "__migrations";

    readonly DbContext db;
    readonly IMigrationsAssembly migrations;
    readonly string schema;
    readonly SqliteConnection file;

    SqliteTables(ServiceDb db)
    {
        (this.db, migrations, schema) = (db, db.GetService<IMigrationsAssembly>(), db.Schema);
        file = Open(new(db.Database.GetConnectionString()) { ForeignKeys = false, Pooling = false });
    }

    /// <returns>What was lacking: the migrations' names, or nothing.</returns>
    /// <exception cref="SchemaException">A later program made the file, or its rows do not fit today's tables. It stays as it is.</exception>
    public static IReadOnlyList<string> BringUpToDate(ServiceDb db)
    {
        using var own = new SqliteTables(db);
        return own.BringUpToDate();
    }

    IReadOnlyList<string> BringUpToDate()
    {
        Run("PRAGMA journal_mode = WAL");
        var isNew = TablesOf("main").Count == 0;
        var applied = Applied();
        SchemaException.RefuseNewer(applied, migrations.Migrations.Keys);
        string[] lacking = [.. migrations.Migrations.Keys.Except(applied)];
        var script = db.Database.GenerateCreateScript();
        if (lacking is [] && IsMadeBy(script))
        {
            Note();
            return [];
        }
        // Of the name that the migrations use; large ones spill to the disk.
        Run($"ATTACH '' AS {schema}");
        try
        {
            Run("BEGIN IMMEDIATE");
            foreach (var table in TablesOf("main"))
                Run($"CREATE TABLE {schema}.{Quoted(table)} AS SELECT * FROM main.{Quoted(table)}; DROP TABLE main.{Quoted(table)}");
            foreach (var step in isNew ? [] : lacking.SelectMany(StepsOf))
                Take(step);
            Run(script);
            foreach (var table in TablesOf("main").Intersect(TablesOf(schema)))
                CopyRows(Quoted(table));
            Note();
            Run("COMMIT");
        }
        catch (SqliteException misfit) when (!isNew && !Transient.Is(misfit))
        {
            throw SchemaException.OfMisfit(file.DataSource, misfit);
        }
        return isNew ? [] : lacking;
    }

    /// <summary>What the file notes. Files of before there were notes tell by their tables what they have.</summary>
    IReadOnlyList<string> Applied() => Ask($"SELECT name FROM sqlite_master WHERE name = '{Notes}'").Count > 0
        ? Ask($"SELECT migration_id FROM {Notes}")
        : [.. migrations.Migrations.Keys.TakeWhile(id => StepsOf(id).All(step => step switch
        {
            CreateTableOperation made => TablesOf("main").Contains(made.Name),
            AddColumnOperation added => ColumnsOf("main", added.Table).Contains(added.Name),
            _ => true,
        }))];

    void Note()
    {
        Run($"CREATE TABLE IF NOT EXISTS {Notes} (migration_id TEXT PRIMARY KEY)");
        foreach (var id in migrations.Migrations.Keys)
            Run($"INSERT OR IGNORE INTO {Notes} VALUES ('{id}')");
    }

    IReadOnlyList<MigrationOperation> StepsOf(string migration) => migrations.CreateMigration(migrations.Migrations[migration], db.Database.ProviderName!).UpOperations;

    /// <summary>Keys, indexes and checks come with the model's tables, and what is dropped is not copied into them.</summary>
    void Take(MigrationOperation step)
    {
        switch (step)
        {
            case CreateTableOperation made:
                Run($"CREATE TABLE {schema}.{Quoted(made.Name)} ({string.Join(", ", made.Columns.Select(column => Quoted(column.Name)))})");
                break;
            case RenameTableOperation { NewName: { } name } renamed:
                Run($"ALTER TABLE {schema}.{Quoted(renamed.Name)} RENAME TO {Quoted(name)}");
                break;
            case AddColumnOperation added:
                Run($"ALTER TABLE {schema}.{Quoted(added.Table)} ADD COLUMN {Quoted(added.Name)} DEFAULT {added.DefaultValueSql ?? Literal(added.DefaultValue)}");
                break;
            case RenameColumnOperation renamed:
                Run($"ALTER TABLE {schema}.{Quoted(renamed.Table)} RENAME COLUMN {Quoted(renamed.Name)} TO {Quoted(renamed.NewName)}");
                break;
            case SqlOperation own:
                Run(own.Sql);
                break;
        }
    }

    string Literal(object? value)
    {
        var stored = value is DateTimeOffset time ? time.UtcDateTime : value;
        return stored is null ? "NULL" : db.GetService<IRelationalTypeMappingSource>().GetMapping(stored.GetType()).GenerateSqlLiteral(stored);
    }

    void CopyRows(string table)
    {
        var columns = string.Join(", ", ColumnsOf("main", table).Intersect(ColumnsOf(schema, table)).Select(Quoted));
        Run($"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM {schema}.{table}");
    }

    bool IsMadeBy(string script)
    {
        const string all = $"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT IN ('{Notes}', 'sqlite_sequence') ORDER BY name";
        using var model = Open(new() { DataSource = ":memory:" });
        Run(script, model);
        return Ask(all).SequenceEqual(Ask(all, model));
    }

    IReadOnlyList<string> TablesOf(string schema) => Ask($"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '{Notes}'");

    IReadOnlyList<string> ColumnsOf(string schema, string table) => Ask($"SELECT name FROM pragma_table_info('{table.Trim('"')}', '{schema}')");

    static string Quoted(string name) => $"\"{name}\"";

    static SqliteConnection Open(SqliteConnectionStringBuilder how)
    {
        var connection = new SqliteConnection(how.ToString());
        connection.Open();
        return connection;
    }

    void Run(string sql, SqliteConnection? where = null) => Ask(sql, where);

    List<string> Ask(string sql, SqliteConnection? where = null)
    {
        using var command = (where ?? file).CreateCommand();
#pragma warning disable CA2100 // The model's and the migrations' own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var rows = command.ExecuteReader();
        List<string> found = [];
        while (rows.Read())
            found.Add(rows.GetString(0));
        return found;
    }

    public void Dispose() => file.Dispose();
}
