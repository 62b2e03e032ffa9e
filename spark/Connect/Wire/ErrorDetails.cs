using Ecom.Spark.Connect.Protocol;
using Grpc.Core;

namespace Ecom.Spark.Connect.Wire;

/// <summary>Turns a gRPC status into a <see cref="SparkException"/>: the short form is in the trailer, the full chain is asked for.</summary>
internal static class ErrorDetails
{
    const string Trailer = "grpc-status-details-bin";

    /// <summary>Connection broken, not refused by Spark: worth another try.</summary>
    public static bool IsBroken(RpcException error)
    {
        // A stream that is cut in its middle comes as Internal or Cancelled from the HTTP layer, without Spark's details.
        return error.StatusCode is StatusCode.Unavailable
            || (error.StatusCode is StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown && Info(error) is null);
    }

    public static string? ErrorClass(RpcException error) => Info(error)?.Metadata.GetValueOrDefault("errorClass");

    public static async Task<SparkException> Read(RpcException error, Uri address, Func<string, Task<FetchErrorDetailsResponse?>> fetch)
    {
        var info = Info(error);
        if (info is null && IsBroken(error))
            return new SparkConnectionException($"Spark at {address.Authority} cannot be reached: {error.Status.Detail}", error);

        var errorId = info?.Metadata.GetValueOrDefault("errorId");
        var chain = errorId is null ? null : await fetch(errorId).ConfigureAwait(false);
        if (chain?.Errors.Count > 0)
            return FromChain(chain, chain.RootErrorIdx, error);
        return new SparkException(
            error.Status.Detail, info?.Metadata.GetValueOrDefault("errorClass"), info?.Metadata.GetValueOrDefault("sqlState"), info?.Reason, error);
    }

    static SparkException FromChain(FetchErrorDetailsResponse response, int index, Exception transport)
    {
        var error = response.Errors[index];
        var spark = error.SparkThrowable;
        // Causes come after what they caused; anything else would be a loop.
        var inner = error.HasCauseIdx && error.CauseIdx > index ? FromChain(response, error.CauseIdx, transport) : transport;
        return new SparkException(
            error.Message,
            spark?.HasErrorClass == true ? spark.ErrorClass : null,
            spark?.HasSqlState == true ? spark.SqlState : null,
            error.ErrorTypeHierarchy.FirstOrDefault(),
            inner);
    }

    static ErrorInfo? Info(RpcException error)
    {
        var bytes = error.Trailers.GetValueBytes(Trailer);
        if (bytes is null)
            return null;
        var any = Protocol.Status.Parser.ParseFrom(bytes).Details.FirstOrDefault(detail => detail.Is(ErrorInfo.Descriptor));
        return any?.Unpack<ErrorInfo>();
    }
}
