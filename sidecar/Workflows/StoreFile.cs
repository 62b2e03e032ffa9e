using DurableTask.Protobuf;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Ecom.Sidecar.Workflows;

/// <summary>The SQLite file below the store: prepared statements, one connection to write, one to read.</summary>
sealed class StoreFile : IDisposable
{
    const string Schema = """
        CREATE TABLE IF NOT EXISTS instances (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ended INTEGER, state BLOB);
        CREATE INDEX IF NOT EXISTS instances_ended ON instances (ended) WHERE ended IS NOT NULL;
        CREATE TABLE IF NOT EXISTS log (key INTEGER, number INTEGER, turn INTEGER NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID;
        """;

    readonly SqliteConnection _writer;
    readonly SqliteConnection _reader;
    readonly Statement _begin, _append, _end, _clear, _forget, _expire, _overflow;

    public StoreFile(string path)
    {
        _writer = Open(path);
        Run(_writer, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + Schema);
        _reader = Open(path);
        _begin = new(_writer, "INSERT OR REPLACE INTO instances (key, id) VALUES ($1, $2)", 2);
        _append = new(_writer, "INSERT INTO log (key, number, turn, entry) VALUES ($1, $2, $3, $4)", 4);
        _end = new(_writer, "UPDATE instances SET ended = $2, state = $3 WHERE key = $1", 3);
        _clear = new(_writer, "DELETE FROM log WHERE key = $1", 1);
        _forget = new(_writer, "DELETE FROM instances WHERE key = $1", 1);
        _expire = new(_writer, "DELETE FROM instances WHERE ended < $1", 1);
        _overflow = new(_writer, "DELETE FROM instances WHERE ended < (SELECT ended FROM instances WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1 OFFSET $1)", 1);
    }

    public void Commit(IEnumerable<Change> changes, Retention? retain)
    {
        // Plain SQL: the provider's transaction object would have to be set on every prepared command.
        Run(_writer, "BEGIN IMMEDIATE");
        try
        {
            foreach (var change in changes)
                Apply(change);
            if (retain is not null)
            {
                _expire.Run((DateTime.UtcNow - retain.Age).Ticks);
                _overflow.Run(retain.Count);
            }
            Run(_writer, "COMMIT");
        }
        catch
        {
            Rollback();
            throw;
        }
    }

    /// <summary>The instances that have not ended, each with its log in order.</summary>
    public IEnumerable<(long Key, string Id, List<IMessage> Log)> ReadActive()
    {
        using var command = _reader.CreateCommand();
        command.CommandText = """
            SELECT i.key, i.id, l.turn, l.entry FROM instances i JOIN log l ON l.key = i.key
            WHERE i.ended IS NULL ORDER BY l.key, l.number
            """;
        using var rows = command.ExecuteReader();
        (long Key, string Id, List<IMessage> Log) instance = default;
        while (rows.Read())
        {
            if (instance.Log is null || instance.Key != rows.GetInt64(0))
            {
                if (instance.Log is not null)
                    yield return instance;
                instance = (rows.GetInt64(0), rows.GetString(1), []);
            }
            var entry = (byte[])rows[3];
            instance.Log.Add(rows.GetBoolean(2) ? TurnRecord.Parser.ParseFrom(entry) : HistoryEvent.Parser.ParseFrom(entry));
        }
        if (instance.Log is not null)
            yield return instance;
    }

    /// <summary>The last state of an ended instance, with the key to forget it by.</summary>
    public (long Key, WorkflowState State)? ReadEnded(string id)
    {
        lock (_reader)
        {
            using var command = _reader.CreateCommand();
            command.CommandText = "SELECT key, state FROM instances WHERE id = $id AND ended IS NOT NULL";
            command.Parameters.AddWithValue("$id", id);
            using var rows = command.ExecuteReader();
            return rows.Read() ? (rows.GetInt64(0), WorkflowState.Parser.ParseFrom((byte[])rows[1])) : null;
        }
    }

    public List<(long Key, string Id)> ReadIds(long afterKey, int count)
    {
        lock (_reader)
        {
            using var command = _reader.CreateCommand();
            command.CommandText = "SELECT key, id FROM instances WHERE key > $after ORDER BY key LIMIT $count";
            command.Parameters.AddWithValue("$after", afterKey);
            command.Parameters.AddWithValue("$count", count);
            using var rows = command.ExecuteReader();
            List<(long, string)> ids = [];
            while (rows.Read())
                ids.Add((rows.GetInt64(0), rows.GetString(1)));
            return ids;
        }
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _begin, _append, _end, _clear, _forget, _expire, _overflow })
            statement.Dispose();
        _reader.Dispose();
        _writer.Dispose();
    }

    static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    void Rollback()
    {
        try
        {
            Run(_writer, "ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite itself has already rolled back what could not be written.
        }
    }

    void Apply(Change change)
    {
        switch (change)
        {
            case Change.Begin begin:
                _begin.Run(begin.Key, begin.Id);
                break;
            case Change.Append append:
                _append.Run(append.Key, append.Number, append.Entry is TurnRecord ? 1 : 0, append.Entry.ToByteArray());
                break;
            case Change.End end:
                _end.Run(end.Key, DateTime.UtcNow.Ticks, end.State.ToByteArray());
                _clear.Run(end.Key);
                break;
            case Change.Forget forget:
                _forget.Run(forget.Key);
                _clear.Run(forget.Key);
                break;
        }
    }

    sealed class Statement : IDisposable
    {
        readonly SqliteCommand _command;

        public Statement(SqliteConnection connection, string sql, int parameters)
        {
            _command = connection.CreateCommand();
            _command.CommandText = sql;
            for (var number = 1; number <= parameters; number++)
                _command.Parameters.Add(new SqliteParameter { ParameterName = $"${number}" });
        }

        public void Run(params ReadOnlySpan<object> values)
        {
            for (var index = 0; index < values.Length; index++)
                _command.Parameters[index].Value = values[index];
            _command.ExecuteNonQuery();
        }

        public void Dispose() => _command.Dispose();
    }
}
