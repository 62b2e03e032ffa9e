#!/usr/bin/env sh
# Empties every table: ./clean-database.sh [--yes] [--data <folder of an embedded shop>]. What runs goes on, with nothing in them.
# PostgreSQL where .env, or the shell, names one; else the embedded shop's files. Asks first.
here=$(dirname "$0")
[ ! -f "$here/.env" ] || { set -a; . "$here/.env"; set +a; }
exec dotnet run --project "$here/tools/Ecom" -- clean database "$@"
