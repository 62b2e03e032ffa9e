using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Ecom.Tool;

/// <summary>
/// The services' own databases, read only: PostgreSQL when the environment names one, otherwise the SQLite files of the
/// embedded way. Table and column names are the same in both.
/// </summary>
sealed class ServiceData
{
    readonly Func<string, DbConnection> open;

    ServiceData(string place, Func<string, DbConnection> open) => (Place, this.open) = (place, open);

    public string Place { get; }

    public static ServiceData Of(string dataFolder) => PostgreSql.FromEnvironment() is { } server
        ? new($"PostgreSQL {server.Host}:{server.Port}/{server.Database}", app => new NpgsqlConnection(PostgreSql.ReadOnly(server, app)))
        : Files(dataFolder);

    public static ServiceData Files(string folder)
    {
        return new(folder, app =>
        {
            var file = Path.Combine(folder, app + ".db");
            if (!File.Exists(file))
                throw new ToolError($"no data of {app} in {folder}: run `ecom up` or `ecom demo` first, or name the folder with --data");
            // Not pooled: a pooled handle would keep the file open after the answer, and on Windows undeletable.
            return new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        });
    }

    public async Task<List<T>> Query<T>(string app, string sql, Func<DbDataReader, T> row, CancellationToken cancel)
    {
        try
        {
            await using var connection = open(app);
            await connection.OpenAsync(cancel);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await using var reader = await command.ExecuteReaderAsync(cancel);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancel))
                rows.Add(row(reader));
            return rows;
        }
        catch (DbException broken)
        {
            throw new ToolError($"the data of {app} ({Place}) cannot be read: {broken.Message.ReplaceLineEndings(" ")}");
        }
    }
}
