#!/bin/sh
# What `make backup` and `make restore` do; see docs/backups.md.
#   deploy/backup.sh backup
#   deploy/backup.sh restore FILE.dump
# BACKUPS is the folder, COMPOSE the command with its files (docker compose -f … -f …).
set -eu
umask 077
BACKUPS=${BACKUPS:-backups}
COMPOSE=${COMPOSE:-docker compose}
NAME=esp_mail
now=$(date -u +%Y-%m-%dT%H-%M-%SZ)

in_db() { $COMPOSE exec -T db "$@"; }

sql() { in_db psql --username "$NAME" --dbname postgres --quiet --set ON_ERROR_STOP=1 "$@"; }

# Past a pool of connections, which has limits that a command must not meet.
manage() {
    # shellcheck disable=SC2016  # for the container's shell
    $COMPOSE run --rm --no-deps -T web sh -c \
        'DATABASE_URL="${DATABASE_DIRECT_URL:-$DATABASE_URL}" exec python manage.py "$@"' manage "$@"
}

# Who was forgotten, as keyed hashes: kept apart from the dumps, since a dump is older than some.
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
    # nginx goes on, and asks players to try again.
    $COMPOSE stop web
    save_erasures "$now-before-restore" ||
        echo "The database has no erasures to save: those of $BACKUPS/*.erased are applied." >&2
    sql --command "DROP DATABASE IF EXISTS ${NAME}_restored" --command "CREATE DATABASE ${NAME}_restored"
    in_db pg_restore --username "$NAME" --dbname "${NAME}_restored" --exit-on-error --no-owner <"$1"
    # Only now, when the backup is known to be whole; and nothing is lost but the name.
    sql --command "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$NAME'" \
        --command "ALTER DATABASE $NAME RENAME TO \"${NAME}_$now\"" \
        --command "ALTER DATABASE ${NAME}_restored RENAME TO $NAME" >/dev/null
    manage migrate_locked
    cat /dev/null "$BACKUPS"/*.erased | sort -u | manage forget_address --reapply -
    manage check_counts
    $COMPOSE up --detach --wait
    echo "Restored. The database as it was before is ${NAME}_$now; drop it when you need it no more."
}

mkdir -p "$BACKUPS"
"$@"
