#!/usr/bin/env bash
# Records what a release leaves behind in its data folder when it is killed in the middle of its work: record.sh CHECKOUT NAME
# CHECKOUT: the release, built (dotnet build tools/Ecom). The next release is then held against NAME (EmbeddedUpgrades.cs).
set -euo pipefail
checkout=$1 here=$(cd "$(dirname "$0")" && pwd) data=$(mktemp -d -t ecom-record-XXXXXX) offset=14000
(cd "$checkout" && exec setsid dotnet tools/Ecom/bin/ecom.dll up --isolated --data "$data" --port-offset $offset) > "$data/up.log" 2>&1 &
host=$!
trap 'kill -KILL -- -$host 2>/dev/null || true' EXIT
until grep -q "Ctrl-C stops" "$data/up.log"; do kill -0 $host; sleep 1; done

at() { echo "http://127.0.0.1:$((8000 + offset + $1))/$2"; }
post() { curl -sSf -H 'content-type: application/json' -d "$2" "$1"; echo; }
fill() { post "$(at 1 "cart/$1/items")" "{\"product_id\":\"$2\",\"quantity\":2}" >&2; }
order() { post "$(at 1 "cart/$1/checkout")" "{\"payment_token\":\"$2\"}" | grep -o '"order_id":"[^"]*"' | cut -d'"' -f4; }
until_status() { until curl -sS "$(at 2 "orders/$1")" | grep -q "\"status\":\"$2\""; do sleep 0.2; done; }
process() { cut -d' ' -f1 "$data/$1-service.pid"; }

{
  # Carts ask for prices, so they are filled while everybody lives.
  fill ada PROD-001; fill bob PROD-002; fill cleo PROD-003; fill dan PROD-004; fill eve PROD-005; fill fay PROD-006
  fulfilled=$(order ada tok_success); until_status "$fulfilled" FULFILLED; echo "fulfilled $fulfilled"
  declined=$(order bob tok_card_declined); until_status "$declined" CANCELLED; echo "declined $declined"
  token=$(cat "$data/api-token" 2>/dev/null || true)
  curl -sSf -H "dapr-api-token: $token" -H 'content-type: application/cloudevents+json' "http://127.0.0.1:$((3502 + offset))/v1.0/publish/pubsub/payment.processed" \
    -d '{"specversion":"1.0","id":"no-order","source":"record.sh","type":"payment.processed","data":{"nothing":"known"}}' >&2
  until [ "$(curl -sS "$(at 6 dead-letters)" | grep -c no-order)" -gt 0 ]; do sleep 0.2; done
  kill -STOP "$(process inventory)"
  stock=$(order cleo tok_success); until_status "$stock" PAID; echo "waits-for-stock $stock"
  refund=$(order dan tok_success); until_status "$refund" PAID
  kill -STOP "$(process payment)"
  post "$(at 2 "orders/$refund/cancel")" '{}' >&2; until_status "$refund" CANCELLED; echo "waits-for-refund $refund"
  payment=$(order eve tok_success); until_status "$payment" PENDING; echo "waits-for-payment $payment"
} > "$data/orders.txt"
sleep 2
for app in cart order payment inventory notification analytics; do kill -KILL "$(process $app)"; done
kill -KILL -- -$host; wait $host || true; sleep 1

mkdir -p "$here/$2"
cp "$data/orders.txt" "$here/$2/"
mkdir -p "$here/$2/events" && cp "$checkout"/tests/Contract/golden/*.json "$here/$2/events/"
for db in "$data"/*.db; do
  sqlite3 "$db" 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM' > /dev/null
  gzip -9nc "$db" > "$here/$2/$(basename "$db").gz"
done
rm -rf "$data"
