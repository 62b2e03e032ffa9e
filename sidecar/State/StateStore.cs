using Ecom.Sidecar.Api;
using Ecom.Sidecar.Storage;
using Grpc.Core;

namespace Ecom.Sidecar.State;

sealed record Item(byte[] Value, string ETag, DateTimeOffset? Expires);

/// <summary>A save (value given) or a delete (null). An ETag must match; first-write without one must find nothing.</summary>
sealed record StateChange(string Key, byte[]? Value, string? ETag = null, bool FirstWrite = false, TimeSpan? Ttl = null);

/// <summary>The ETag is not the stored one, or a first write found the key taken, which Redis and PostgreSQL call an error like any other.</summary>
sealed class ConflictException(bool isOfAnETag) : Exception(isOfAnETag ? "possible etag mismatch. error from state store" : "failed to set value: the key is taken")
{
    /// <param name="code">Of what was asked for.</param>
    public ApiException Told(string code, string what) => isOfAnETag
        ? new(409, StatusCode.Aborted, code, $"{what}: {Message}")
        : new(500, StatusCode.Internal, code, $"{what}: {Message}");
}

/// <summary>The key/value stores of all sidecars, in one file.</summary>
sealed class StateStore : IDisposable
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS state (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, etag TEXT NOT NULL, expires INTEGER,
            PRIMARY KEY (store, key)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS state_expires ON state (expires) WHERE expires IS NOT NULL;
        """;

    readonly GroupCommit writer;
    readonly Db reader;
    readonly Lock reading = new();

    public StateStore(GroupCommit file) => (writer, reader) = (file, file.Reader());

    public Item? Get(string store, string key)
    {
        lock (reading) return Find(reader, store, key);
    }

    /// <summary>All or nothing: every condition is checked before the first change is made.</summary>
    public async Task Apply(string store, params IReadOnlyList<StateChange> changes)
    {
        StateChange? conflict = null;
        await writer.Write(db =>
        {
            conflict = changes.FirstOrDefault(c => !MayApply(db, store, c));
            if (conflict is not null) return;
            foreach (var change in changes)
                if (change.Value is null) db.Run("DELETE FROM state WHERE store = $0 AND key = $1", store, change.Key);
                else
                    db.Run("INSERT INTO state VALUES ($0, $1, $2, $3, $4) ON CONFLICT DO UPDATE SET value = $2, etag = $3, expires = $4",
                        store, change.Key, change.Value, Guid.NewGuid().ToString(),
                        change.Ttl is { } ttl ? (DateTimeOffset.UtcNow + ttl).ToUnixTimeMilliseconds() : null);
        });
        if (conflict is not null) throw new ConflictException(isOfAnETag: !string.IsNullOrEmpty(conflict.ETag));
    }

    static bool MayApply(Db db, string store, StateChange change)
    {
        // The official SDK says "" for no ETag, and so does daprd. A delete has nothing to compare with then.
        var etag = string.IsNullOrEmpty(change.ETag) ? null : change.ETag;
        if (etag is null && (!change.FirstWrite || change.Value is null)) return true;
        var found = Find(db, store, change.Key);
        return etag is null ? found is null : found?.ETag == etag;
    }

    static Item? Find(Db db, string store, string key)
    {
        var rows = db.Query("SELECT value, etag, expires FROM state WHERE store = $0 AND key = $1", r => new Item(
            r.GetFieldValue<byte[]>(0), r.GetString(1), r.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(2))), store, key);
        return rows.Count == 0 || rows[0].Expires <= DateTimeOffset.UtcNow ? null : rows[0];
    }

    public Task RemoveExpired() =>
        writer.Write(db => db.Run("DELETE FROM state WHERE expires IS NOT NULL AND expires <= $0", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));

    public void Dispose() => reader.Dispose();
}
