using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Folders where the Spark server has its files. A client has no hand there but Spark's own: a database lies in a folder, and
/// takes it along when it goes.
/// </summary>
public static class ServerFolder
{
    /// <summary>Makes the folder a database's, empty.</summary>
    public static void Claim(SparkSession session, string folder, string database)
    {
        Delete(session, folder);
        Create(session, folder, database);
    }

    /// <summary>Deletes the folder with all that is in it, if it is there.</summary>
    public static void Delete(SparkSession session, string folder)
    {
        var database = $"deleted_{Guid.NewGuid():N}";
        Create(session, folder, database);
        Drop(session, database);
    }

    /// <summary>Deletes a database with its folder.</summary>
    public static void Drop(SparkSession session, string database) => session.Sql($"DROP DATABASE IF EXISTS {database} CASCADE");

    /// <summary>The lines of a folder's text; null: it is not there.</summary>
    public static IReadOnlyList<string>? Lines(SparkSession session, string folder) =>
        Rows(session.Read().Text(folder))?.Select(row => row.GetAs<string>(0)).ToList();

    /// <summary>Makes a line of a folder's text.</summary>
    /// <param name="mode">Whether it is the only one, or one more.</param>
    public static void Write(SparkSession session, string folder, string line, SaveMode mode) =>
        session.Range(1).Select(Functions.Lit(line).As("value")).Repartition(1).Write().Mode(mode).Text(folder);

    /// <summary>The rows of files; null: they are not there.</summary>
    public static IReadOnlyList<Row>? Rows(DataFrame files)
    {
        try
        {
            return files.Collect();
        }
        catch (SparkException e) when (e.ErrorClass == "PATH_NOT_FOUND")
        {
            return null;
        }
    }

    static void Create(SparkSession session, string folder, string database) =>
        session.Sql($"CREATE DATABASE {database} LOCATION '{folder.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)}'");
}
