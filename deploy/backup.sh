#!/bin/sh
# Back up and restore the database of Docker Compose: `make backup`, `make restore`; see docs/backups.md.
#   deploy/backup.sh backup
#   deploy/backup.sh restore FILE.dump
# BACKUPS is the folder of the backups; COMPOSE is the command (docker compose -f … -f …).
set -eu
umask 077
BACKUPS=${BACKUPS:-backups}
COMPOSE=${COMPOSE:-docker compose}
NAME=esp_mail
now=$(date -u +%Y-%m-%dT%H-%M-%SZ)

in_db() { $COMPOSE exec -T db "$@"; }

# PostgreSQL's client asks a standby first if it is named first. It gives up, and asks no other server, if the standby
# does not know the database yet: so wait until a synchronous standby shows what was done.
sql() {
    in_db env PGOPTIONS="-c synchronous_commit=remote_apply" \
        psql --username "$NAME" --dbname postgres --quiet --set ON_ERROR_STOP=1 "$@"
}

# Run a management command, on a direct connection: a pool has time limits that it would exceed.
manage() {
    # shellcheck disable=SC2016  # for the container's shell
    $COMPOSE run --rm --no-deps -T web sh -c \
        'DATABASE_URL="${DATABASE_DIRECT_URL:-$DATABASE_URL}" exec python manage.py "$@"' manage "$@"
}

# Save the erasures, as keyed hashes. They are not part of the dump: later ones must be repeated on it.
save_erasures() {
    manage forget_address --tombstones >"$BACKUPS/$1.part" && mv "$BACKUPS/$1.part" "$BACKUPS/$1.erased"
}

backup() {
    save_erasures "$now"
    in_db pg_dump --username "$NAME" --format custom "$NAME" >"$BACKUPS/$now.part"
    mv "$BACKUPS/$now.part" "$BACKUPS/$now.dump"
    echo "$BACKUPS/$now.dump"
}

restore() {
    [ -s "$1" ] || { echo "There is no backup '$1'." >&2; exit 1; }
    $COMPOSE up --detach --wait db
    # nginx keeps running, and answers 503.
    $COMPOSE stop web
    save_erasures "$now-before-restore" ||
        echo "This database has no erasures to save. Those in $BACKUPS/*.erased will be repeated." >&2
    sql --command "DROP DATABASE IF EXISTS ${NAME}_restored" --command "CREATE DATABASE ${NAME}_restored"
    in_db pg_restore --username "$NAME" --dbname "${NAME}_restored" --exit-on-error --no-owner <"$1"
    # The backup is complete, so swap the databases. The old one is only renamed.
    sql --command "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$NAME'" \
        --command "ALTER DATABASE $NAME RENAME TO \"${NAME}_$now\"" \
        --command "ALTER DATABASE ${NAME}_restored RENAME TO $NAME" >/dev/null
    manage migrate_locked
    cat /dev/null "$BACKUPS"/*.erased | sort -u | manage forget_address --reapply -
    manage check_counts
    $COMPOSE up --detach --wait
    echo "Restored. The database as it was before is ${NAME}_$now; drop it when you no longer need it."
}

mkdir -p "$BACKUPS"
"$@"
