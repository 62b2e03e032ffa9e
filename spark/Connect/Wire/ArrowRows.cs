using Apache.Arrow;
using Apache.Arrow.Ipc;
using Ecom.Spark.Connect.Types;

namespace Ecom.Spark.Connect.Wire;

/// <summary>Rows out of Arrow batches.</summary>
internal static class ArrowRows
{
    public static void Read(ReadOnlyMemory<byte> data, StructType schema, List<Row> rows)
    {
        using var reader = new ArrowStreamReader(data);
        while (reader.ReadNextRecordBatch() is { } batch)
        {
            using (batch)
            {
                for (var i = 0; i < batch.Length; i++)
                    rows.Add(new Row([.. schema.Fields.Select((field, column) => Value(batch.Column(column), i, field.DataType))], schema));
            }
        }
    }

    static object? Value(IArrowArray array, int index, DataType type)
    {
        if (array.IsNull(index))
            return null;
        return array switch
        {
            StringArray texts => texts.GetString(index),
            BooleanArray booleans => booleans.GetValue(index),
            Int8Array bytes => bytes.GetValue(index),
            Int16Array shorts => shorts.GetValue(index),
            Int32Array ints => ints.GetValue(index),
            Int64Array longs => longs.GetValue(index),
            FloatArray floats => floats.GetValue(index),
            DoubleArray doubles => doubles.GetValue(index),
            Decimal128Array decimals => decimals.GetValue(index),
            Date32Array dates => dates.GetDateOnly(index),
            TimestampArray times when type is TimestampType => times.GetTimestamp(index),
            TimestampArray times => times.GetTimestamp(index)!.Value.DateTime,
            DurationArray spans => spans.GetTimeSpan(index),
            BinaryArray binaries => binaries.GetBytes(index).ToArray(),
            MapArray maps => Map(maps, index, (MapType)type),
            ListArray lists => List(lists, index, ((ArrayType)type).ElementType),
            StructArray structs => Struct(structs, index, (StructType)type),
            _ => throw new NotSupportedException($"no way to read a column of Arrow type {array.Data.DataType.Name}"),
        };
    }

    static object?[] List(ListArray lists, int index, DataType element)
    {
        var values = new object?[lists.GetValueLength(index)];
        for (var i = 0; i < values.Length; i++)
            values[i] = Value(lists.Values, lists.ValueOffsets[index] + i, element);
        return values;
    }

    static Dictionary<object, object?> Map(MapArray maps, int index, MapType type)
    {
        var start = maps.ValueOffsets[index];
        return Enumerable.Range(start, maps.ValueOffsets[index + 1] - start)
            .ToDictionary(i => Value(maps.Keys, i, type.KeyType)!, i => Value(maps.Values, i, type.ValueType));
    }

    static Row Struct(StructArray structs, int index, StructType type) =>
        new([.. type.Fields.Select((field, i) => Value(structs.Fields[i], index, field.DataType))], type);
}
