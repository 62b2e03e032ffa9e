using System.Data.Common;
using System.Net.Sockets;
using Grpc.Core;
using Microsoft.Data.Sqlite;

namespace Ecom.Hosting;

/// <summary>Tells a failure of the infrastructure (database or sidecar away: the same call may go through later) from a failure of the work.</summary>
public static class Transient
{
    const int SqliteBusy = 5, SqliteLocked = 6, SqliteIoError = 10, SqliteFull = 13, SqliteCantOpen = 14;

    public static bool Is(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            switch (e)
            {
                case SqliteException sqlite:
                    return sqlite.SqliteErrorCode is SqliteBusy or SqliteLocked or SqliteIoError or SqliteFull or SqliteCantOpen;
                case DbException { IsTransient: true }:
                case SocketException or IOException or TimeoutException or HttpRequestException:
                case RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.ResourceExhausted }:
                // 3D000 and 42P01: the database or its tables are not there yet (set-up still runs); 57P0x: it is shutting down or starting.
                case Npgsql.PostgresException { SqlState: "3D000" or "42P01" or "57P01" or "57P02" or "57P03" or "53300" }:
                    return true;
            }
        return false;
    }
}
