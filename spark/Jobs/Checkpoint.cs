using System.Security.Cryptography;
using System.Text;
using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>
/// The folder in which a stream keeps how far it is, one per stream and plan. Read and written by the Spark server, so that it may
/// lie wherever the server has its files. A line in it says whose it is, and its epoch: the name of this life of it, and of the
/// folder of this life's state.
/// </summary>
public sealed record Checkpoint(string Folder, string Epoch)
{
    const int HashLength = 12;

    // Before it renames a file of a checkpoint, Hadoop's newer interface runs a program that says whether the name is a link: on a
    // disk of this machine four in five of the processes that a small batch starts. The older one renames all the same. Spark
    // has it under this name since 4.1.
    const string FilesKey = "spark.sql.streaming.checkpointFileManagerClass";
    const string FilesOnDisk = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager";
    static readonly Version KnowsFilesOnDisk = new(4, 1);

    /// <summary>Where the stream keeps its offsets and its state.</summary>
    public string Query => $"{Folder}/{Epoch}";

    /// <summary>
    /// The version of a stream: a hash of its plan and of the settings that a checkpoint is bound to. Another one has another folder,
    /// so that a changed query never meets a state that it does not fit.
    /// </summary>
    /// <param name="rows">What the stream makes; where it reads does not count, but <paramref name="bound"/> may name the topics.</param>
    public static string VersionOf(DataFrame rows, params IEnumerable<string> bound) => VersionOf(bound.Prepend(rows.PlanHash()));

    /// <summary>The version of a stream that remembers nothing: only what it is bound to counts.</summary>
    public static string VersionOf(IEnumerable<string> bound) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', bound))))[..HashLength];

    /// <summary>Opens the stream's folder under <paramref name="root"/>.</summary>
    /// <param name="fresh">Begins a new life, although there is one.</param>
    /// <exception cref="JobException">Another stream's.</exception>
    public static Checkpoint Open(SparkSession session, string root, string stream, string version, bool fresh)
    {
        root = root.TrimEnd('/');
        if (!root.Contains("://", StringComparison.Ordinal) && session.Conf().Get(FilesKey) is null && Version.TryParse(session.Version().Split('-')[0], out var spark) && spark >= KnowsFilesOnDisk)
            session.Conf().Set(FilesKey, FilesOnDisk);
        var owner = $"{stream} plan {version}";
        var folder = $"{root}/{stream}-{version}";
        if (ServerFolder.Lines(session, $"{root}/metadata") is not null)
            throw Foreign(root, "it is itself the checkpoint of a query; name the folder in which the jobs keep theirs");

        if (ServerFolder.Lines(session, $"{folder}/owner") is { } lines)
        {
            var parts = (lines is [var line, ..] ? line : null)?.Split(" epoch ");
            if (parts is not [var name, var epoch] || name != owner)
                throw Foreign(folder, $"it belongs to {parts?[0] ?? "nobody"}");
            if (!fresh)
                return new Checkpoint(folder, epoch);
        }

        var made = new Checkpoint(folder, Guid.NewGuid().ToString("N"));
        ServerFolder.Write(session, $"{folder}/owner", $"{owner} epoch {made.Epoch}", SaveMode.Overwrite);
        return made;
    }

    static JobException Foreign(string folder, string why) =>
        new(ExitCodes.ForeignCheckpoint, $"the checkpoint {folder} cannot be used: {why}");
}
