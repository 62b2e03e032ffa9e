using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>
/// The folder in which a job keeps how far it is, one per job and query version. Read and written by the Spark server, so that
/// it may lie wherever the server has its files. A line in it says whose it is, and its epoch: the name of this life of it.
/// </summary>
public sealed record Checkpoint(string Folder, string Epoch)
{
    /// <summary>Where the job's own stream keeps its state.</summary>
    public string Query => Folder + "/query";

    /// <summary>Where the stream of dead letters keeps its offsets.</summary>
    public string DeadLetters => Folder + "/dead-letters";

    /// <summary>Opens the job's folder under <paramref name="root"/>; refuses one that another query made.</summary>
    public static Checkpoint Open(SparkSession session, string root, Job job)
    {
        root = root.TrimEnd('/');
        var owner = $"{job.Name} version {job.Version}";
        var folder = $"{root}/{job.Name}-v{job.Version}";
        if (Lines(session, $"{root}/metadata") is not null)
            throw Foreign(root, "it is itself the checkpoint of a query; name the folder in which the jobs keep theirs");

        if (Lines(session, $"{folder}/owner") is { } lines)
        {
            var parts = (lines is [var line, ..] ? line : null)?.Split(" epoch ");
            return parts is [var name, var epoch] && name == owner ? new Checkpoint(folder, epoch) : throw Foreign(folder, $"it belongs to {parts?[0] ?? "nobody"}");
        }
        if (Lines(session, $"{folder}/query/metadata") is not null)
            throw Foreign(folder, "it does not say to which query it belongs");

        var made = new Checkpoint(folder, Guid.NewGuid().ToString("N"));
        session.Range(1).Select(Functions.Lit($"{owner} epoch {made.Epoch}").As("value")).Repartition(1).Write().Mode(SaveMode.Overwrite).Text($"{folder}/owner");
        return made;
    }

    static JobException Foreign(string folder, string why) =>
        new(ExitCodes.ForeignCheckpoint, $"the checkpoint {folder} cannot be used: {why}");

    internal static IReadOnlyList<string>? Lines(SparkSession session, string path)
    {
        try
        {
            return [.. session.Read().Text(path).Collect().Select(row => row.GetAs<string>(0))];
        }
        catch (SparkException e) when (e.ErrorClass == "PATH_NOT_FOUND")
        {
            return null;
        }
    }
}
