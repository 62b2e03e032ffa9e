using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Ecom.Analytics;

/// <summary>
/// Rows of several tables, written at once: a statement a table, all in one round trip and, outside of a transaction, in one of their own.
/// The rows are one parameter, in JSON, so that the text is always the same and the database compiles it once.
/// </summary>
sealed class BulkWrite(ServiceDb db)
{
    static readonly ConcurrentDictionary<IEntityType, Shape> Shapes = new();

    readonly StringBuilder text = new();
    readonly List<object> values = [];

    /// <param name="conflict">What follows <c>ON CONFLICT</c>, where the table's row is <c>kept</c>.</param>
    public void Insert<T>(IReadOnlyList<T> rows, string conflict) where T : class
    {
        if (rows.Count == 0)
            return;
        var shape = Shapes.GetOrAdd(db.Model.FindEntityType(rows[0].GetType())!, entity => new Shape(entity, db.Database.IsSqlite()));
        text.AppendLine(CultureInfo.InvariantCulture, $"INSERT INTO {shape.Into} {string.Format(CultureInfo.InvariantCulture, shape.From, $"{{{values.Count}}}")} ON CONFLICT {conflict};");
        values.Add(shape.Write(rows));
    }

    public async Task Execute(CancellationToken ct)
    {
        if (values.Count == 0)
            return;
        using (db.Database.CurrentTransaction is null ? await db.WritersTurn(ct) : null)
            await db.Database.ExecuteSqlRawAsync(text.ToString(), values, ct);
        CrashPoint.Reach($"{db.AppId}.kept");
    }

    /// <summary>How a table's rows are written.</summary>
    sealed class Shape
    {
        readonly (string Name, Func<object, object?> Read)[] columns;

        public Shape(IEntityType entity, bool isSqlite)
        {
            IProperty[] properties = [.. entity.GetProperties().Where(p => !p.IsKey() || p.ValueGenerated is ValueGenerated.Never)];
            columns = [.. properties.Select(p => (p.GetColumnName(), (Func<object, object?>)(row => Provided(p, p.PropertyInfo!.GetValue(row)))))];
            var names = string.Join(", ", columns.Select(column => column.Name));
            Into = $"{entity.GetSchemaQualifiedTableName()} AS kept ({names})";
            // SQLite would read the ON of a conflict as that of a join, were there no WHERE.
            From = isSqlite
                ? $"SELECT {string.Join(", ", columns.Select(column => $"value ->> '{column.Name}'"))} FROM json_each({{0}}) WHERE true"
                : $"SELECT {names} FROM json_to_recordset(CAST({{0}} AS json)) AS said({string.Join(", ", properties.Select(p => $"{p.GetColumnName()} {p.GetColumnType()}"))})";
        }

        public string Into { get; }

        public string From { get; }

        public string Write<T>(IReadOnlyList<T> rows) where T : class
        {
            using var json = new MemoryStream();
            using (var writer = new Utf8JsonWriter(json, new() { Encoder = Json.Options.Encoder }))
            {
                writer.WriteStartArray();
                foreach (var row in rows)
                {
                    writer.WriteStartObject();
                    foreach (var (name, read) in columns)
                        Write(writer, name, read(row));
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
            return Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length);
        }

        static object? Provided(IProperty property, object? value) => value is not null && property.GetTypeMapping().Converter is { } converter ? converter.ConvertToProvider(value) : value;

        static void Write(Utf8JsonWriter writer, string name, object? value)
        {
            switch (value)
            {
                case null:
                    writer.WriteNull(name);
                    break;
                case string text:
                    writer.WriteString(name, text);
                    break;
                case DateTimeOffset time:
                    writer.WriteString(name, time);
                    break;
                // What follows is how SQLite's own provider writes them.
                case DateTime time:
                    writer.WriteString(name, time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture));
                    break;
                case decimal amount:
                    writer.WriteString(name, amount.ToString("0.0###########################", CultureInfo.InvariantCulture));
                    break;
                default:
                    writer.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                    break;
            }
        }
    }
}
