#!/usr/bin/env sh
# Runs a Spark job: ./run-spark-job.sh <job|all> [--available-now] [--cluster] [--remote sc://…] …
# Without a server on this machine one is started from SPARK_HOME for the time of the job. --help lists everything.
exec dotnet run --project "$(dirname "$0")/spark/Jobs" -- "$@"
