using Ecom.Spark.Jobs;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark.Support;

/// <summary>What lies in the folder in which jobs keep how far they are.</summary>
public static class CheckpointFolder
{
    /// <summary>The lives of a job's checkpoints: one folder for each plan, in it one for each start from nothing.</summary>
    public static IReadOnlyList<string> Lives(this TempFolder folder, Job job) =>
        [.. Directory.GetDirectories(folder.Path, $"{job.Name}-*").SelectMany(Directory.GetDirectories).Where(life => Path.GetFileName(life) != "owner")];

    /// <summary>The job's checkpoint says that it is somebody else's.</summary>
    public static void GiveAway(this TempFolder folder, Job job)
    {
        foreach (var file in Directory.GetDirectories(folder.Path, $"{job.Name}-*").SelectMany(checkpoint => Directory.GetFiles(Path.Combine(checkpoint, "owner"))))
            if (file.EndsWith(".txt", StringComparison.Ordinal))
                File.WriteAllText(file, "somebody else epoch 0\n");
            else if (file.EndsWith(".crc", StringComparison.Ordinal))
                File.Delete(file);
    }

    /// <summary>How many batches have begun (offsets) or ended (commits).</summary>
    public static int Batches(this TempFolder folder, Job job, string kind) => folder.Lives(job)
        .Select(life => Path.Combine(life, kind)).Where(Directory.Exists).SelectMany(Directory.GetFiles).Count(file => int.TryParse(Path.GetFileName(file), out _));
}
