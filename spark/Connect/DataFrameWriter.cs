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
public sealed class DataFrameWriter
{
    readonly SparkClient client;
    readonly WriteOperation operation;

    internal DataFrameWriter(SparkClient client, Relation input)
    {
        this.client = client;
        operation = new() { Input = input, Mode = WriteOperation.Types.SaveMode.ErrorIfExists };
    }

    /// <summary>The format: json, parquet, text, kafka …</summary>
    public DataFrameWriter Format(string format)
    {
        operation.Source = format;
        return this;
    }

    /// <summary>An option of the format.</summary>
    public DataFrameWriter Option(string key, string value)
    {
        operation.Options[key] = value;
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

    /// <summary>Writes.</summary>
    public void Save() => client.ExecuteCommand(new() { WriteOperation = operation });

    /// <summary>Writes to a path.</summary>
    public void Save(string path)
    {
        operation.Path = path;
        Save();
    }

    /// <summary>Writes text files from a column of text.</summary>
    public void Text(string path) => Format("text").Save(path);

    /// <summary>Writes JSON lines.</summary>
    public void Json(string path) => Format("json").Save(path);

    /// <summary>Writes Parquet files.</summary>
    public void Parquet(string path) => Format("parquet").Save(path);
}
