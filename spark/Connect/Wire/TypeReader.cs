using Ecom.Spark.Connect.Types;
using Kind = Ecom.Spark.Connect.Protocol.DataType.KindOneofCase;

namespace Ecom.Spark.Connect.Wire;

/// <summary>The protocol's types as ours.</summary>
internal static class TypeReader
{
    public static StructType ReadSchema(Protocol.DataType type) => (StructType)Read(type);

    public static DataType Read(Protocol.DataType type) => type.KindCase switch
    {
        Kind.Null => new NullType(),
        Kind.Binary => new BinaryType(),
        Kind.Boolean => new BooleanType(),
        Kind.Byte => new ByteType(),
        Kind.Short => new ShortType(),
        Kind.Integer => new IntegerType(),
        Kind.Long => new LongType(),
        Kind.Float => new FloatType(),
        Kind.Double => new DoubleType(),
        Kind.Decimal => new DecimalType(type.Decimal.Precision, type.Decimal.Scale),
        Kind.String => new StringType(),
        Kind.Date => new DateType(),
        Kind.Timestamp => new TimestampType(),
        Kind.TimestampNtz => new TimestampNtzType(),
        Kind.DayTimeInterval => new DayTimeIntervalType(),
        Kind.Array => new ArrayType(Read(type.Array.ElementType), type.Array.ContainsNull),
        Kind.Map => new MapType(Read(type.Map.KeyType), Read(type.Map.ValueType), type.Map.ValueContainsNull),
        Kind.Struct => new StructType(type.Struct.Fields.Select(field => new StructField(field.Name, Read(field.DataType), field.Nullable))),
        _ => throw new NotSupportedException("a column has a type that this client does not know; cast it in the query"),
    };
}
