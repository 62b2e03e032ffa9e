using System.Data.Common;
using Dapr;
using Grpc.Core;

namespace Ecom.Hosting;

/// <summary>Who a failed call was for, as the customer is told.</summary>
static class Away
{
    /// <returns>Null: nobody is away, the work itself failed.</returns>
    public static string? Who(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            switch (e)
            {
                case AwayException away:
                    return away.Who;
                case DbException when Transient.Is(exception):
                    return "The database";
                case RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled }:
                case HttpRequestException { InnerException: not null }:
                    return "The sidecar";
                // The sidecar did answer: what lies behind it could not.
                case RpcException when exception is DaprException || Transient.Is(exception):
                    return "A component behind the sidecar";
            }
        return exception is DaprException || Transient.Is(exception) ? "A part of the shop that this needs" : null;
    }
}
