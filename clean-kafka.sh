#!/usr/bin/env sh
# Deletes every event of every topic: ./clean-kafka.sh [--yes] [--data <folder of an embedded shop>]. What runs goes on, topics stay.
# Kafka where .env, or the shell, names its brokers; else the embedded shop's broker. Asks first.
here=$(dirname "$0")
[ ! -f "$here/.env" ] || { set -a; . "$here/.env"; set +a; }
exec dotnet run --project "$here/tools/Ecom" -- clean kafka "$@"
