using System.Data.Common;
using Ecom.Sidecar;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Ecom.Tool;

/// <summary>
/// The services' own databases, read only but for <see cref="Execute"/>: PostgreSQL when the environment names one, otherwise the SQLite files of the
/// embedded way. Table and column names are the same in both.
/// </summary>
sealed class ServiceData
{
    const int MostAttempts = 5;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly Func<string, bool, DbConnection> open;

    ServiceData(string place, bool isPostgres, Func<string, bool, DbConnection> open) => (Place, IsPostgres, this.open) = (place, isPostgres, open);

    public string Place { get; }

    public bool IsPostgres { get; }

    /// <summary>Nobody works on it, as far as anybody can know: where there is PostgreSQL, nobody can.</summary>
    public bool IsAtRest => !IsPostgres && !EmbeddedHost.WorksIn(Place);

    public static ServiceData Of(string dataFolder) => PostgreSql.FromEnvironment() is { } server
        ? new($"PostgreSQL {server.Host}:{server.Port}/{server.Database}", true, (app, mayWrite) => new NpgsqlConnection(PostgreSql.Connection(server, app, mayWrite)))
        : Files(dataFolder);

    public static ServiceData Files(string folder)
    {
        return new(folder, false, (app, mayWrite) =>
        {
            var file = Path.Combine(folder, app + ".db");
            if (!File.Exists(file))
                throw new ToolError($"no data of {app} in {folder}: run `ecom up` or `ecom demo` first, or name the folder with --data");
            // Not pooled: a pooled handle would keep the file open after the answer, and on Windows undeletable.
            return new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mayWrite ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        });
    }

    public Task<List<T>> Query<T>(string app, string sql, Func<DbDataReader, T> row, CancellationToken cancel) => Ask(app, mayWrite: false, sql, async command =>
    {
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancel))
            rows.Add(row(reader));
        return rows;
    }, cancel);

    /// <returns>How many rows it changed.</returns>
    public Task<int> Execute(string app, string sql, CancellationToken cancel) => Ask(app, mayWrite: true, sql, command => command.ExecuteNonQueryAsync(cancel), cancel);

    async Task<T> Ask<T>(string app, bool mayWrite, string sql, Func<DbCommand, Task<T>> answer, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                await using var connection = open(app, mayWrite);
                await connection.OpenAsync(cancel);
                await using var command = connection.CreateCommand();
                command.CommandText = sql;
                return await answer(command);
            }
            catch (DbException busy) when (busy.IsTransient && mayWrite && attempt < MostAttempts)
            {
                // A service at work held what was wanted: the next attempt gets through.
                await Task.Delay(Pause, cancel);
            }
            catch (DbException broken)
            {
                throw new ToolError($"the data of {app} ({Place}) cannot be {(mayWrite ? "changed" : "read")}: {broken.Message.ReplaceLineEndings(" ")}");
            }
    }
}
