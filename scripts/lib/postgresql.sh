# A throw-away PostgreSQL cluster for tests, benchmarks and torture. Sourced, never run.

POSTGRESQL_DIR=""

_as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        # PostgreSQL refuses to run as root.
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
    else
        "$@"
    fi
}

# start_postgresql [SETTING…]: exports HKEID_TEST_POSTGRESQL; SETTINGs are "name=value" of
# postgresql.conf. Keeps a server that the caller named in that variable.
start_postgresql() {
    [ -n "${HKEID_TEST_POSTGRESQL:-}" ] && return 0
    local bin=""
    if ! bin=$(_postgresql_bin); then
        need_apt postgresql
        bin=$(_postgresql_bin) || die "PostgreSQL is installed, but initdb was not found"
    fi
    if [ "$(id -u)" -eq 0 ] && ! id postgres >/dev/null 2>&1; then
        need_apt postgresql
    fi
    POSTGRESQL_DIR=$(mktemp -d /tmp/hkeid-postgresql.XXXXXX)
    [ "$(id -u)" -eq 0 ] && chown postgres "$POSTGRESQL_DIR"
    local log="$POSTGRESQL_DIR/log" port settings="" setting
    trap stop_postgresql EXIT
    _as_postgres "$bin/initdb" -D "$POSTGRESQL_DIR/data" -U hkeid -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$POSTGRESQL_DIR/initdb.log" 2>&1 || { cat "$POSTGRESQL_DIR/initdb.log" >&2; die "initdb failed"; }
    port=$("$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    for setting in listen_addresses=127.0.0.1 "port=$port" "unix_socket_directories=$POSTGRESQL_DIR" max_connections=300 "$@"; do
        settings+=" -c $setting"
    done
    _as_postgres "$bin/pg_ctl" -D "$POSTGRESQL_DIR/data" -l "$log" -w -t 60 -o "$settings" start >/dev/null ||
        { cat "$log" >&2; die "PostgreSQL did not start"; }
    _as_postgres "$bin/createdb" -h 127.0.0.1 -p "$port" -U hkeid hkeid
    POSTGRESQL_BIN=$bin
    export HKEID_TEST_POSTGRESQL="postgresql+psycopg://hkeid@127.0.0.1:$port/hkeid"
}

_postgresql_bin() {
    local folder
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) "$(dirname "$(command -v initdb || true)")"; do
        [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/createdb" ] && { printf '%s\n' "$folder"; return 0; }
    done
    return 1
}

stop_postgresql() {
    [ -n "$POSTGRESQL_DIR" ] || return 0
    if [ -n "${POSTGRESQL_BIN:-}" ]; then
        _as_postgres "$POSTGRESQL_BIN/pg_ctl" -D "$POSTGRESQL_DIR/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$POSTGRESQL_DIR"
    POSTGRESQL_DIR=""
}
