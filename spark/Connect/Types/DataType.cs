using System.Globalization;

namespace Ecom.Spark.Connect.Types;

/// <summary>The type of a column.</summary>
public abstract record DataType
{
    /// <summary>The type as Spark's DDL writes it, for example <c>decimal(12,2)</c>.</summary>
    public abstract string ToDdl();

    /// <summary>The same, by Microsoft.Spark's name.</summary>
    public string SimpleString => ToDdl();

    /// <inheritdoc/>
    public sealed override string ToString() => ToDdl();
}

/// <summary>A type without parts or parameters.</summary>
public abstract record AtomicType(string Name) : DataType
{
    /// <inheritdoc/>
    public override string ToDdl() => Name;
}

/// <summary>No value at all.</summary>
public sealed record NullType() : AtomicType("void");

/// <summary>Text: <see cref="string"/>.</summary>
public sealed record StringType() : AtomicType("string");

/// <summary>Bytes: <c>byte[]</c>.</summary>
public sealed record BinaryType() : AtomicType("binary");

/// <summary>True or false: <see cref="bool"/>.</summary>
public sealed record BooleanType() : AtomicType("boolean");

/// <summary>8 bits: <see cref="sbyte"/>.</summary>
public sealed record ByteType() : AtomicType("tinyint");

/// <summary>16 bits: <see cref="short"/>.</summary>
public sealed record ShortType() : AtomicType("smallint");

/// <summary>32 bits: <see cref="int"/>.</summary>
public sealed record IntegerType() : AtomicType("int");

/// <summary>64 bits: <see cref="long"/>.</summary>
public sealed record LongType() : AtomicType("bigint");

/// <summary>32 bit binary floating point: <see cref="float"/>.</summary>
public sealed record FloatType() : AtomicType("float");

/// <summary>64 bit binary floating point: <see cref="double"/>.</summary>
public sealed record DoubleType() : AtomicType("double");

/// <summary>A day: <see cref="DateOnly"/>.</summary>
public sealed record DateType() : AtomicType("date");

/// <summary>A moment, kept in UTC to the microsecond: <see cref="DateTimeOffset"/>.</summary>
public sealed record TimestampType() : AtomicType("timestamp");

/// <summary>A wall-clock time without a zone: <see cref="DateTime"/>.</summary>
public sealed record TimestampNtzType() : AtomicType("timestamp_ntz");

/// <summary>A span of time: <see cref="TimeSpan"/>.</summary>
public sealed record DayTimeIntervalType() : AtomicType("interval day to second");

/// <summary>An exact number: <see cref="decimal"/> (values beyond its 28 digits cannot be read).</summary>
public sealed record DecimalType(int Precision = 10, int Scale = 0) : DataType
{
    /// <inheritdoc/>
    public override string ToDdl() => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision},{Scale})");
}

/// <summary>A list: <c>object?[]</c>.</summary>
public sealed record ArrayType(DataType ElementType, bool ContainsNull = true) : DataType
{
    /// <inheritdoc/>
    public override string ToDdl() => $"array<{ElementType.ToDdl()}>";
}

/// <summary>Keys with values: a dictionary.</summary>
public sealed record MapType(DataType KeyType, DataType ValueType, bool ValueContainsNull = true) : DataType
{
    /// <inheritdoc/>
    public override string ToDdl() => $"map<{KeyType.ToDdl()},{ValueType.ToDdl()}>";
}

/// <summary>A named member of a <see cref="StructType"/>.</summary>
public sealed record StructField(string Name, DataType DataType, bool IsNullable = true)
{
    internal string ToDdl(string separator) => $"`{Name.Replace("`", "``", StringComparison.Ordinal)}`{separator}{DataType.ToDdl()}{(IsNullable ? "" : " not null")}";
}

/// <summary>Named members, in order: the schema of a row.</summary>
public sealed record StructType : DataType
{
    /// <summary>Creates the type from its members.</summary>
    public StructType(IEnumerable<StructField> fields) => Fields = [.. fields];

    /// <summary>The members, in order.</summary>
    public IReadOnlyList<StructField> Fields { get; }

    /// <inheritdoc/>
    public override string ToDdl() => $"struct<{string.Join(",", Fields.Select(field => field.ToDdl(":")))}>";

    /// <summary>The schema as the list of columns that Spark reads where a schema is asked for.</summary>
    public string ToColumnsDdl() => string.Join(", ", Fields.Select(field => field.ToDdl(" ")));

    /// <inheritdoc/>
    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.Aggregate(0, HashCode.Combine);

    /// <summary>The position of a member; throws when there is none of that name.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Fields.Count; i++)
        {
            if (Fields[i].Name == name)
                return i;
        }
        throw new ArgumentException($"no column '{name}' among {string.Join(", ", Fields.Select(field => field.Name))}", nameof(name));
    }
}
