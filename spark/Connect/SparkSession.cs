using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Streaming;
using Ecom.Spark.Connect.Wire;
using StructType = Ecom.Spark.Connect.Types.StructType;

namespace Ecom.Spark.Connect;

/// <summary>A session on a Spark Connect server: views, settings and streams live in it, and end with it.</summary>
public sealed class SparkSession : IDisposable
{
    readonly SparkClient client;

    SparkSession(SparkClient client, string version)
    {
        this.client = client;
        Version = version;
    }

    /// <summary>Starts a session: <c>SparkSession.Builder().Remote("sc://localhost:15002").GetOrCreate()</c>.</summary>
    public static SessionBuilder Builder() => new();

    /// <summary>The version of Spark on the server.</summary>
    public string Version { get; }

    /// <summary>The id of the session, made here.</summary>
    public string SessionId => client.SessionId;

    /// <summary>The settings of the session.</summary>
    public RuntimeConfig Conf() => new(client);

    /// <summary>Reads tables.</summary>
    public DataFrameReader Read() => new(client);

    /// <summary>Reads streams.</summary>
    public DataStreamReader ReadStream() => new(client);

    /// <summary>The streams that run in this session.</summary>
    public StreamingQueryManager Streams() => new(client);

    /// <summary>A table or view by name.</summary>
    public DataFrame Table(string name) => Read().Table(name);

    /// <summary>A query or a command; a command runs at once.</summary>
    public DataFrame Sql(string query)
    {
        var sql = new Relation { Sql = new() { Query = query } };
        var result = client.ExecuteCommand(new() { SqlCommand = new() { Input = sql } })?.SqlCommandResult?.Relation;
        return new DataFrame(client, result ?? sql);
    }

    /// <summary>The numbers from 0, as the column <c>id</c>.</summary>
    public DataFrame Range(long end) => Range(0, end);

    /// <summary>Numbers as the column <c>id</c>.</summary>
    public DataFrame Range(long start, long end, long step = 1) =>
        new(client, new Relation { Range = new() { Start = start, End = end, Step = step } });

    /// <summary>A table of rows from here: an array of values per row, a <see cref="Row"/> or an array for a struct.</summary>
    public DataFrame CreateDataFrame(IReadOnlyList<IReadOnlyList<object?>> rows, StructType schema) => new(client, new Relation
    {
        LocalRelation = new()
        {
            Data = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(ArrowTable.Write(rows, schema)),
            Schema = schema.ToColumnsDdl(),
        },
    });

    /// <summary>Ends the session on the server, and with it its streams.</summary>
    public void Stop() => client.Dispose();

    /// <inheritdoc/>
    public void Dispose() => Stop();

    /// <summary>Collects what a session needs before it starts.</summary>
    public sealed class SessionBuilder
    {
        readonly Dictionary<string, string> config = [];
        string remote = Environment.GetEnvironmentVariable("SPARK_REMOTE") ?? "sc://localhost:15002";

        internal TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromMinutes(5);

        /// <summary>The server: <c>sc://host:port/;token=…;user_id=…</c>; without it SPARK_REMOTE, or this machine.</summary>
        public SessionBuilder Remote(string address)
        {
            remote = address;
            return this;
        }

        /// <summary>A setting of the session.</summary>
        public SessionBuilder Config(string key, string value)
        {
            config[key] = value;
            return this;
        }

        /// <summary>Connects; fails at once with a <see cref="SparkConnectionException"/> when no server answers, a <see cref="FormatException"/> when the address is none.</summary>
        public SparkSession GetOrCreate()
        {
            var client = new SparkClient(Wire.Remote.Parse(remote), KeepAliveInterval);
            try
            {
                var session = new SparkSession(client, client.Connect());
                session.Conf().Set(config);
                return session;
            }
            catch
            {
                client.Dispose();
                throw;
            }
        }
    }
}
