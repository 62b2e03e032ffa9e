#!/usr/bin/env sh
# Sets the clock that mails and pages show: ./restart-with-timezone.sh Europe/Berlin. Stored time stays UTC.
# A shop in Docker is restarted with it; of the others it says how.
cd "$(dirname "$0")" || exit
dotnet run --project tools/Ecom -- timezone "$@" || exit
[ -z "$(docker compose ps --quiet 2>/dev/null)" ] || docker compose up --detach --wait
