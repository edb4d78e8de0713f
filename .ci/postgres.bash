# shellcheck shell=bash
# Private Postgres clusters for the scripts beside this file: sourced, never run. A cluster lives in one folder
# (`data`, `log` and the socket), listens on a Unix socket only, trusts whoever may enter that folder (0700), and
# runs as an unprivileged user when the caller is root, because the server refuses root. Needs common.bash.

# A PGHOST or PGSERVICE in the caller's environment must never send us to somebody's real database.
for name in ${!PG@}; do unset "$name"; done

PG_USER=fuldmagt
PG_DATABASE=fuldmagt

# Prints the folder of the newest installed server (>= 15) that has the btree_gist extension; fails when there is none.
postgres_bin() {
    local dir version share
    {
        printf '%s\n' /usr/lib/postgresql/*/bin
        if dir=$(command -v initdb 2>/dev/null); then dirname "$(readlink -f "$dir")"; fi
    } | sort -rV | while IFS= read -r dir; do
        [[ -x $dir/initdb && -x $dir/pg_ctl && -x $dir/postgres && -x $dir/psql ]] || continue
        version=$("$dir/postgres" --version) || continue
        [[ $version =~ \)\ ([0-9]+) ]] || continue
        ((BASH_REMATCH[1] >= 15)) || continue
        share=$(postgres_share "$dir") || continue
        [[ -e $share/extension/btree_gist.control ]] || continue
        printf '%s\n' "$dir"
        break
    done | grep .
}

# Prints where the server in folder $1 keeps its extensions. pg_config is a separate package on some systems.
postgres_share() {
    local version
    if [[ $1 =~ ^/usr/lib/postgresql/([0-9]+)/bin$ ]]; then
        version=${BASH_REMATCH[1]}
        printf '/usr/share/postgresql/%s\n' "$version"
    else
        "$1/pg_config" --sharedir 2>/dev/null
    fi
}

# Runs a command as the user that owns clusters: ourselves, or an unprivileged one when we are root.
as_owner() {
    if ((EUID == 0)); then
        setpriv --reuid="$(owner)" --regid="$(id -g "$(owner)")" --clear-groups -- env HOME=/nonexistent "$@"
    else
        "$@"
    fi
}

owner() {
    if ((EUID != 0)); then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# cluster_start DIR: makes the cluster when there is none yet, starts it when it is down, waits until it answers.
cluster_start() {
    local dir=$1 bin
    bin=$(postgres_bin) || fail "no Postgres server (>= 15, with contrib) found; run 'make setup'" "$EX_UNAVAILABLE"
    # The socket's full path must fit in 107 bytes.
    ((${#dir} <= 80)) || fail "the folder's path is too long for a Unix socket: $dir"
    mkdir -p "$dir"
    chmod 0700 "$dir"
    if ((EUID == 0)); then chown "$(owner)" "$dir"; fi
    (
        cd / # the caller's folder may be unreadable to the unprivileged user
        if [[ ! -e $dir/data/PG_VERSION ]]; then
            as_owner "$bin/initdb" --pgdata="$dir/data" --username="$PG_USER" --auth=trust --encoding=UTF8 --locale=C \
                --no-sync --no-instructions >"$dir/initdb.log" 2>&1 || {
                cat "$dir/initdb.log" >&2
                exit 1
            }
        fi
        if ! as_owner "$bin/pg_ctl" --pgdata="$dir/data" status >/dev/null; then
            as_owner "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait --timeout=60 --silent \
                --options="-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c max_connections=200" \
                start </dev/null || {
                tail -n 20 "$dir/log" >&2
                exit 1
            }
        fi
    ) || fail "Postgres did not start in $dir"
}

# cluster_stop DIR: stops that cluster, and no other; nothing to do when it is down.
cluster_stop() {
    local dir=$1 bin
    [[ -e $dir/data/postmaster.pid ]] || return 0
    bin=$(postgres_bin) || return 0
    (cd / && as_owner "$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate --wait --silent stop) || true
}

# cluster_psql DIR DATABASE ARG...
cluster_psql() {
    local dir=$1 database=$2
    shift 2
    PGOPTIONS='--client-min-messages=warning' "$(postgres_bin)/psql" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
        --host="$dir" --username="$PG_USER" --dbname="$database" "$@"
}

# cluster_reset DIR MIGRATIONS: the database anew, with every migration applied in order.
cluster_reset() {
    local dir=$1 migrations=$2 file count=0
    cluster_psql "$dir" postgres --command="DROP DATABASE IF EXISTS $PG_DATABASE WITH (FORCE)"
    cluster_psql "$dir" postgres --command="CREATE DATABASE $PG_DATABASE"
    for file in "$migrations"/*.sql; do
        [[ -e $file ]] || break
        [[ $file != *.down.sql ]] || continue
        cluster_psql "$dir" "$PG_DATABASE" --single-transaction --file="$file" >/dev/null ||
            fail "migration failed: $file"
        count=$((count + 1))
    done
    printf '%d migrations applied to %s\n' "$count" "$dir" >&2
}

# cluster_url DIR: in sqlx's form.
cluster_url() {
    printf 'postgres://%s@localhost/%s?host=%s\n' "$PG_USER" "$PG_DATABASE" "$1"
}
