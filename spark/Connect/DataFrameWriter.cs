using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect;

/// <summary>What happens to what is there already.</summary>
public enum SaveMode
{
    /// <summary>It is an error (the default).</summary>
    ErrorIfExists,
    /// <summary>The rows are added.</summary>
    Append,
    /// <summary>The rows replace it.</summary>
    Overwrite,
    /// <summary>Nothing is written.</summary>
    Ignore,
}

/// <summary>Writes a table, made by <see cref="DataFrame.Write"/>.</summary>
public sealed class DataFrameWriter : DataSource<DataFrameWriter>
{
    readonly SparkClient client;
    readonly WriteOperation operation;

    internal DataFrameWriter(SparkClient client, Relation input)
        : this(client, new WriteOperation { Input = input, Mode = WriteOperation.Types.SaveMode.ErrorIfExists }) { }

    DataFrameWriter(SparkClient client, WriteOperation operation)
        : base(operation.Options) => (this.client, this.operation) = (client, operation);

    /// <inheritdoc/>
    public override DataFrameWriter Format(string format)
    {
        operation.Source = format;
        return this;
    }

    /// <summary>What happens to what is there already.</summary>
    public DataFrameWriter Mode(SaveMode mode)
    {
        operation.Mode = mode switch
        {
            SaveMode.Append => WriteOperation.Types.SaveMode.Append,
            SaveMode.Overwrite => WriteOperation.Types.SaveMode.Overwrite,
            SaveMode.Ignore => WriteOperation.Types.SaveMode.Ignore,
            _ => WriteOperation.Types.SaveMode.ErrorIfExists,
        };
        return this;
    }

    /// <summary>What happens to what is there already: <c>append</c>, <c>overwrite</c>, <c>ignore</c>, <c>errorifexists</c>.</summary>
    public DataFrameWriter Mode(string mode) => Mode(mode is "error" ? SaveMode.ErrorIfExists : Enum.Parse<SaveMode>(mode, ignoreCase: true));

    /// <summary>A folder for each value of these columns.</summary>
    public DataFrameWriter PartitionBy(params string[] columns)
    {
        operation.PartitioningColumns.Clear();
        operation.PartitioningColumns.Add(columns);
        return this;
    }

    /// <summary>Writes.</summary>
    public void Save() => SaveAsync().Now();

    /// <summary>Writes to a path.</summary>
    public void Save(string path) => SaveAsync(path).Now();

    /// <summary>Writes text files from a column of text.</summary>
    public void Text(string path) => Format("text").Save(path);

    /// <summary>Writes JSON lines.</summary>
    public void Json(string path) => Format("json").Save(path);

    /// <summary>Writes CSV files.</summary>
    public void Csv(string path) => Format("csv").Save(path);

    /// <summary>Writes Parquet files.</summary>
    public void Parquet(string path) => Format("parquet").Save(path);

    /// <summary>Writes ORC files.</summary>
    public void Orc(string path) => Format("orc").Save(path);

    /// <summary>Writes into a table of a database that Spark has the driver of; <see cref="SaveMode.Overwrite"/> makes the table anew unless the option <c>truncate</c> is true.</summary>
    /// <param name="url">Such as <c>jdbc:postgresql://localhost/shop</c>.</param>
    /// <param name="table">The table's name there.</param>
    /// <param name="properties">The driver's own: user, password …</param>
    public void Jdbc(string url, string table, IReadOnlyDictionary<string, string> properties) =>
        Format("jdbc").Options(properties).Option("url", url).Option("dbtable", table).Save();

    /// <summary>Makes a table of Spark's own catalog, columns by name.</summary>
    public void SaveAsTable(string name) => SaveAsTableAsync(name).Now();

    /// <summary>Adds the rows to a table of Spark's own catalog, columns by position.</summary>
    public void InsertInto(string name) => ToTable(name, WriteOperation.Types.SaveTable.Types.TableSaveMethod.InsertInto, CancellationToken.None).Now();

    /// <summary>Writes; to a path, or where the options say. Cancelled, the rows that are written already may stay.</summary>
    public Task SaveAsync(string? path = null, CancellationToken cancellation = default)
    {
        if (path is not null)
            operation.Path = path;
        return client.ExecuteCommand(new() { WriteOperation = operation }, cancellation);
    }

    /// <inheritdoc cref="SaveAsTable"/>
    public Task SaveAsTableAsync(string name, CancellationToken cancellation = default) => ToTable(name, WriteOperation.Types.SaveTable.Types.TableSaveMethod.SaveAsTable, cancellation);

    Task ToTable(string name, WriteOperation.Types.SaveTable.Types.TableSaveMethod method, CancellationToken cancellation)
    {
        operation.Table = new() { TableName = name, SaveMethod = method };
        return SaveAsync(null, cancellation);
    }
}
