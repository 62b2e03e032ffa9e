#!/usr/bin/env sh
# Runs a Spark job: ./run-spark-job.sh <job|all> [--available-now] [--cluster] [--remote sc://…] …; or
# submit <job|all> …, list, status, logs, stop <job>; cluster up|down|status.
# Kafka where .env, or the shell, names its brokers. Without a server on this machine one is started from SPARK_HOME for the time
# of the job. --help lists everything.
here=$(dirname "$0")
[ ! -f "$here/.env" ] || { set -a; . "$here/.env"; set +a; }
exec dotnet run --project "$here/spark/Jobs" -- "$@"
