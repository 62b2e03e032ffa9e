using Apache.Arrow;
using Apache.Arrow.Ipc;
using Ecom.Spark.Connect.Types;
using Arrow = Apache.Arrow.Types;

namespace Ecom.Spark.Connect.Wire;

/// <summary>Rows of the client as an Arrow stream, for <c>SparkSession.CreateDataFrame</c>.</summary>
internal static class ArrowTable
{
    public static byte[] Write(IReadOnlyList<IReadOnlyList<object?>> rows, StructType schema)
    {
        if (rows.FirstOrDefault(row => row.Count != schema.Fields.Count) is { } odd)
            throw new ArgumentException($"a row has {odd.Count} values, the schema {schema.Fields.Count} columns", nameof(rows));
        var arrowSchema = new Schema(schema.Fields.Select(field => new Field(field.Name, ArrowType(field.DataType), field.IsNullable)), null);
        var columns = schema.Fields.Select((field, i) => Column([.. rows.Select(row => row[i])], field.DataType));
        using var batch = new RecordBatch(arrowSchema, columns, rows.Count);
        using var stream = new MemoryStream();
        using (var writer = new ArrowStreamWriter(stream, arrowSchema, leaveOpen: true))
        {
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        }
        return stream.ToArray();
    }

    static Arrow.IArrowType ArrowType(DataType type) => type switch
    {
        StringType => Arrow.StringType.Default,
        BinaryType => Arrow.BinaryType.Default,
        BooleanType => Arrow.BooleanType.Default,
        ShortType => Arrow.Int16Type.Default,
        IntegerType => Arrow.Int32Type.Default,
        LongType => Arrow.Int64Type.Default,
        DoubleType => Arrow.DoubleType.Default,
        DateType => Arrow.Date32Type.Default,
        TimestampType => new Arrow.TimestampType(Arrow.TimeUnit.Microsecond, "UTC"),
        DecimalType money => new Arrow.Decimal128Type(money.Precision, money.Scale),
        ArrayType list => new Arrow.ListType(new Field("element", ArrowType(list.ElementType), list.ContainsNull)),
        StructType row => new Arrow.StructType([.. row.Fields.Select(field => new Field(field.Name, ArrowType(field.DataType), field.IsNullable))]),
        _ => throw new NotSupportedException($"rows of the client cannot have a column of type {type}"),
    };

    static IArrowArray Column(object?[] values, DataType type) => type switch
    {
        StringType => Fill<string, StringArray, StringArray.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        BinaryType => Fill<byte[], BinaryArray, BinaryArray.Builder>(new(), values, (b, v) => b.Append(v.AsSpan()), b => b.AppendNull()),
        BooleanType => Fill<bool, BooleanArray, BooleanArray.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        ShortType => Fill<short, Int16Array, Int16Array.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        IntegerType => Fill<int, Int32Array, Int32Array.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        LongType => Fill<long, Int64Array, Int64Array.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        DoubleType => Fill<double, DoubleArray, DoubleArray.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        DateType => Fill<DateOnly, Date32Array, Date32Array.Builder>(new(), values, (b, v) => b.Append(v), b => b.AppendNull()),
        TimestampType => Fill<DateTimeOffset, TimestampArray, TimestampArray.Builder>(
            new((Arrow.TimestampType)ArrowType(type)), values, (b, v) => b.Append(v.ToUniversalTime()), b => b.AppendNull()),
        DecimalType => Fill<decimal, Decimal128Array, Decimal128Array.Builder>(
            new((Arrow.Decimal128Type)ArrowType(type)), values, (b, v) => b.Append(v), b => b.AppendNull()),
        ArrayType list => List(values, list),
        StructType row => Struct(values, row),
        _ => throw new NotSupportedException($"rows of the client cannot have a column of type {type}"),
    };

    static TArray Fill<T, TArray, TBuilder>(TBuilder builder, object?[] values, Action<TBuilder, T> append, Action<TBuilder> appendNull)
        where TArray : IArrowArray
        where TBuilder : IArrowArrayBuilder<TArray>
    {
        foreach (var value in values)
        {
            if (value is null)
                appendNull(builder);
            else if (value is T typed)
                append(builder, typed);
            else
                throw new ArgumentException($"a value is a {value.GetType().Name} where the schema needs a {typeof(T).Name}");
        }
        return builder.Build(null);
    }

    static ListArray List(object?[] values, ArrayType type)
    {
        var offsets = new ArrowBuffer.Builder<int>();
        var items = new List<object?>();
        offsets.Append(0);
        foreach (var value in values)
        {
            if (value is not null)
                items.AddRange(((System.Collections.IEnumerable)value).Cast<object?>());
            offsets.Append(items.Count);
        }
        var (present, nulls) = Validity(values);
        return new ListArray((Arrow.ListType)ArrowType(type), values.Length, offsets.Build(), Column([.. items], type.ElementType), present, nulls);
    }

    static StructArray Struct(object?[] values, StructType type)
    {
        var members = type.Fields.Select((field, i) => Column([.. values.Select(value => Members(value)?[i])], field.DataType));
        var (present, nulls) = Validity(values);
        return new StructArray(ArrowType(type), values.Length, members, present, nulls);

        static IReadOnlyList<object?>? Members(object? value) => value is Row row ? row.Values : (IReadOnlyList<object?>?)value;
    }

    static (ArrowBuffer, int) Validity(object?[] values)
    {
        var bits = new ArrowBuffer.BitmapBuilder();
        foreach (var value in values)
            bits.Append(value is not null);
        return (bits.Build(), bits.UnsetBitCount);
    }
}
