using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Ecom.Hosting;

/// <summary>
/// A commit to SQLite's write-ahead log survives the kill of any process without an fsync (it takes a power cut to lose it),
/// and an fsync per commit is what an order would wait for most.
/// </summary>
sealed class CommitWithoutSync : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var pragma = connection.CreateCommand();
        pragma.CommandText = "PRAGMA synchronous=NORMAL";
        pragma.ExecuteNonQuery();
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
