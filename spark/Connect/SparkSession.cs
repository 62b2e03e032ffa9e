using System.Globalization;
using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Streaming;
using Ecom.Spark.Connect.Wire;
using StructType = Ecom.Spark.Connect.Types.StructType;

namespace Ecom.Spark.Connect;

/// <summary>A session on a Spark Connect server: views, settings and streams live in it, and end with it.</summary>
public sealed class SparkSession : IDisposable, IAsyncDisposable
{
    readonly SparkClient client;
    readonly string version;

    SparkSession(SparkClient client, string version) => (this.client, this.version) = (client, version);

    /// <summary>Starts a session: <c>SparkSession.Builder().Remote("sc://localhost:15002").GetOrCreate()</c>.</summary>
    public static SessionBuilder Builder() => new();

    /// <summary>The version of Spark on the server.</summary>
    public string Version() => version;

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
    /// <param name="query">SQL, with a <c>?</c> for each argument.</param>
    /// <param name="args">Values, which are never read as SQL, or columns.</param>
    public DataFrame Sql(string query, params object?[] args) => SqlAsync(query, args).Now();

    /// <summary>A query or a command; a command runs at once.</summary>
    /// <param name="query">SQL, with a <c>:name</c> for each argument.</param>
    /// <param name="args">Values by name, which are never read as SQL, or columns.</param>
    public DataFrame Sql(string query, IReadOnlyDictionary<string, object?> args) => SqlAsync(query, args).Now();

    /// <inheritdoc cref="Sql(string, object[])"/>
    public Task<DataFrame> SqlAsync(string query, IEnumerable<object?> args, CancellationToken cancellation = default) =>
        Run(new() { Query = query, PosArguments = { args.Select(value => Column.Of(value).Expression) } }, cancellation);

    /// <inheritdoc cref="Sql(string, IReadOnlyDictionary{string, object})"/>
    public Task<DataFrame> SqlAsync(string query, IReadOnlyDictionary<string, object?> args, CancellationToken cancellation = default) =>
        Run(new() { Query = query, NamedArguments = { args.ToDictionary(arg => arg.Key, arg => Column.Of(arg.Value).Expression) } }, cancellation);

    /// <inheritdoc cref="Sql(string, object[])"/>
    public Task<DataFrame> SqlAsync(string query, CancellationToken cancellation = default) => SqlAsync(query, [], cancellation);

    /// <summary>The numbers from 0, as the column <c>id</c>.</summary>
    public DataFrame Range(long end) => Range(0, end);

    /// <summary>Numbers as the column <c>id</c>.</summary>
    public DataFrame Range(long start, long end, long step = 1) =>
        new(client, new Relation { Range = new() { Start = start, End = end, Step = step } });

    /// <summary>Numbers as the column <c>id</c>, in a number of partitions.</summary>
    public DataFrame Range(long start, long end, long step, int numPartitions) =>
        new(client, new Relation { Range = new() { Start = start, End = end, Step = step, NumPartitions = numPartitions } });

    /// <summary>A table of rows from here: an array of values per row, a <see cref="Row"/> or an array for a struct.</summary>
    public DataFrame CreateDataFrame(IReadOnlyList<IReadOnlyList<object?>> rows, StructType schema) => new(client, new Relation
    {
        LocalRelation = new()
        {
            Data = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(ArrowTable.Write(rows, schema)),
            Schema = schema.ToColumnsDdl(),
        },
    });

    /// <summary>A table of rows from here.</summary>
    public DataFrame CreateDataFrame(IEnumerable<GenericRow> data, StructType schema) => CreateDataFrame([.. data.Select(row => row.Values)], schema);

    /// <summary>A table of one column, <c>_1</c>.</summary>
    public DataFrame CreateDataFrame(IEnumerable<string?> data) => Single(data, new Types.StringType());
    /// <inheritdoc cref="CreateDataFrame(IEnumerable{string})"/>
    public DataFrame CreateDataFrame(IEnumerable<int> data) => Single(data, new Types.IntegerType());
    /// <inheritdoc cref="CreateDataFrame(IEnumerable{string})"/>
    public DataFrame CreateDataFrame(IEnumerable<double> data) => Single(data, new Types.DoubleType());
    /// <inheritdoc cref="CreateDataFrame(IEnumerable{string})"/>
    public DataFrame CreateDataFrame(IEnumerable<bool> data) => Single(data, new Types.BooleanType());
    /// <inheritdoc cref="CreateDataFrame(IEnumerable{string})"/>
    public DataFrame CreateDataFrame(IEnumerable<DateOnly> data) => Single(data, new Types.DateType());
    /// <inheritdoc cref="CreateDataFrame(IEnumerable{string})"/>
    public DataFrame CreateDataFrame(IEnumerable<DateTimeOffset> data) => Single(data, new Types.TimestampType());

    /// <summary>Ends the session on the server, and with it its streams.</summary>
    public void Stop() => Dispose();

    /// <inheritdoc cref="Stop"/>
    public void Dispose() => DisposeAsync().AsTask().Now();

    /// <inheritdoc cref="Stop"/>
    public ValueTask DisposeAsync() => client.DisposeAsync();

    DataFrame Single<T>(IEnumerable<T> data, Types.DataType type) => CreateDataFrame([.. data.Select(value => new object?[] { value })], new StructType([new("_1", type)]));

    async Task<DataFrame> Run(SQL query, CancellationToken cancellation)
    {
        var sql = new Relation { Sql = query };
        var response = await client.ExecuteCommand(new() { SqlCommand = new() { Input = sql } }, cancellation).ConfigureAwait(false);
        return new DataFrame(client, response?.SqlCommandResult?.Relation ?? sql);
    }

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

        /// <inheritdoc cref="Config(string, string)"/>
        public SessionBuilder Config(string key, bool value) => Config(key, value ? "true" : "false");

        /// <inheritdoc cref="Config(string, string)"/>
        public SessionBuilder Config(string key, long value) => Config(key, value.ToString(CultureInfo.InvariantCulture));

        /// <inheritdoc cref="Config(string, string)"/>
        public SessionBuilder Config(string key, double value) => Config(key, value.ToString("R", CultureInfo.InvariantCulture));

        /// <summary>What the program is called: the session's setting <c>spark.app.name</c>. The server's own name stays.</summary>
        public SessionBuilder AppName(string name) => Config("spark.app.name", name);

        /// <summary>Connects; fails at once with a <see cref="SparkConnectionException"/> when no server answers, a <see cref="FormatException"/> when the address is none.</summary>
        public SparkSession GetOrCreate() => GetOrCreateAsync().Now();

        /// <inheritdoc cref="GetOrCreate"/>
        public async Task<SparkSession> GetOrCreateAsync(CancellationToken cancellation = default)
        {
            var client = new SparkClient(Wire.Remote.Parse(remote), KeepAliveInterval);
            try
            {
                var session = new SparkSession(client, await client.Connect(cancellation).ConfigureAwait(false));
                await session.Conf().Set(config, cancellation).ConfigureAwait(false);
                return session;
            }
            catch
            {
                await client.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }
}
