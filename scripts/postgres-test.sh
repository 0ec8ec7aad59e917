#!/usr/bin/env bash
# A real PostgreSQL (15 or newer, with pgvector) for the tests: its own cluster in a temporary directory.
#
#   scripts/postgres-test.sh run CMD…      start, run CMD with KITH_TEST_POSTGRES set, stop, remove all
#   eval "$(scripts/postgres-test.sh start)"   start one that stays; sets the variables below
#   scripts/postgres-test.sh stop [HOME]       stop and remove it (HOME: $KITH_TEST_POSTGRES_HOME)
#
#   KITH_TEST_POSTGRES        postgres://… of a superuser
#   KITH_TEST_POSTGRES_HOME   the directory: data/, log; servers a test starts below it are stopped with it
#   KITH_TEST_POSTGRES_BIN    where pg_ctl, pg_basebackup … are
#
# KITH_TEST_POSTGRES_SETTINGS, when set, holds more lines for its postgresql.conf.
#
# What is missing is installed from the Debian archive, which takes root. The server never runs as root.
set -euo pipefail

readonly least_version=15
readonly vector_release=trixie # the first Debian release with pgvector's source
home=
bin=
server=
child=

die() {
  echo "postgres-test: $*" >&2
  exit 1
}

say() { echo "postgres-test: $*" >&2; }

is_root() { [ "$(id -u)" = 0 ]; }

as_server() { if is_root; then runuser -u postgres -- "$@"; else "$@"; fi; }

newest_server() {
  local folder version
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    version=${folder#/usr/lib/postgresql/}
    version=${version%/bin}
    if [[ $version =~ ^[0-9]+$ ]] && [ "$version" -ge "$least_version" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return
    fi
  done
  # Other distributions keep one version, on the path
  if command -v pg_config >/dev/null; then
    folder=$(pg_config --bindir)
    [ -x "$folder/postgres" ] || return 1
    version=$("$folder/postgres" --version | grep -oE '[0-9]+' | head -n 1)
    [ "$version" -ge "$least_version" ] && echo "$folder"
    return
  fi
  return 1
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }

quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then rm -f "$log"; else
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
}

can_install() { is_root && command -v apt-get >/dev/null; }

# One installation at a time; /run so that only root can place the lock
locked() {
  (
    flock -w 600 9 || die 'another installation has been running for ten minutes'
    "$@"
  ) 9>/run/kith-postgres-test.lock
}

install_server() {
  newest_server >/dev/null && return
  say "installing PostgreSQL"
  quietly apt update || die 'apt-get update failed'
  # Debian would make and start a cluster of its own
  local no_cluster=/etc/postgresql-common/createcluster.d/kith-test.conf failed=0
  mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' >"$no_cluster"
  quietly apt install -y --no-install-recommends postgresql || failed=1
  rm -f "$no_cluster"
  [ "$failed" = 0 ] || die 'the package postgresql could not be installed'
}

vector_control() { echo "$("$bin/pg_config" --sharedir)/extension/vector.control"; }

has_vector() { [ -x "$bin/pg_config" ] && [ -e "$(vector_control)" ]; }

# The development files of the very version that runs here: a newer one would upgrade and restart the machine's server
install_development_files() {
  local package=postgresql-server-dev-$1 installed
  installed=$(dpkg-query -W -f '${Version}' "postgresql-$1")
  quietly apt install -y --no-install-recommends "$package=$installed" "libpq-dev=$installed" make gcc dpkg-dev 2>/dev/null ||
    quietly apt install -y --no-install-recommends "$package" make gcc dpkg-dev
}

# pgvector's source from the same archive as this machine's packages; its own lists, the machine's stay as they are
fetch_vector_source() {
  local archive options=(
    -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$PWD/sources" -o "Dir::State::Lists=$PWD/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root
  )
  # shellcheck disable=SC2016 # apt-get's own placeholders
  archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" '$2 == release && $3 == "main" { print $1; exit }')
  [ -n "$archive" ] || die 'no Debian archive among the apt sources'
  mkdir -p sources lists/partial
  printf '%s\n' 'Types: deb-src' "URIs: $archive" "Suites: $vector_release" 'Components: main' \
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' >sources/pgvector.sources
  quietly apt-get -qq "${options[@]}" update || die "no source index of $vector_release"
  quietly apt-get -qq "${options[@]}" source pgvector || die 'the source package pgvector could not be fetched'
}

build_vector() (
  local build
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  cd "$build"
  fetch_vector_source
  cd pgvector-*/
  # As Debian builds it: no instructions of this one processor, no bitcode (which would take clang)
  quietly make -j2 OPTFLAGS= with_llvm=no "PG_CONFIG=$bin/pg_config" || die 'pgvector does not compile'
  quietly make install OPTFLAGS= with_llvm=no "PG_CONFIG=$bin/pg_config" || die 'pgvector could not be installed'
)

install_vector() {
  has_vector && return
  local version
  version=$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1)
  say "installing pgvector for PostgreSQL $version"
  quietly apt update || die 'apt-get update failed'
  if apt-cache show "postgresql-$version-pgvector" >/dev/null 2>&1; then
    quietly apt install -y --no-install-recommends "postgresql-$version-pgvector" || die 'pgvector could not be installed'
  else
    install_development_files "$version" || die "postgresql-server-dev-$version could not be installed"
    build_vector
  fi
}

prepare() {
  if ! newest_server >/dev/null; then
    can_install || die "PostgreSQL $least_version or newer is not here; to install it takes root and apt-get"
    locked install_server
  fi
  bin=$(newest_server) || die "the archive has no PostgreSQL $least_version or newer"
  if ! has_vector; then
    can_install || die "pgvector is not here for $bin; to install it takes root and apt-get"
    locked install_vector
  fi
  has_vector || die "pgvector was installed, but not for $bin"
}

make_cluster() {
  local password=$1
  home=$(mktemp -d "${TMPDIR:-/tmp}/kith-postgres.XXXXXX")
  if is_root; then chown postgres: "$home"; fi
  as_server test -w "$home" || die "the user postgres can't write in $home; set TMPDIR to a directory open to all"
  # Sorted as people sort: a query that relies on the order of bytes without saying so fails here, not at an operator's
  echo "$password" | as_server tee "$home/password" >/dev/null
  (cd "$home" && quietly as_server "$bin/initdb" -D "$home/data" -U kith --pwfile="$home/password" --auth=scram-sha-256 --no-sync \
    --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --data-checksums) || die 'initdb failed'
  rm -f "$home/password"
  as_server touch "$home/log"
  printf '%s\n' "listen_addresses = '127.0.0.1'" "unix_socket_directories = '$home'" 'fsync = on' 'max_connections = 100' \
    'wal_level = replica' "log_line_prefix = '%m [%p] '" "${KITH_TEST_POSTGRES_SETTINGS:-}" |
    as_server tee -a "$home/data/postgresql.conf" >/dev/null
}

# $1: what the server does when this script is gone, however it went: keep, or the signal to send it
launch() {
  local when_orphaned=$1 identity=()
  if is_root; then identity=(--reuid=postgres --regid=postgres --init-groups); fi
  (cd "$home" && exec setsid setpriv "${identity[@]}" --pdeathsig "$when_orphaned" \
    "$bin/postgres" -D "$home/data") </dev/null >>"$home/log" 2>&1 &
  server=$!
}

answers_soon() {
  local deadline=$((SECONDS + 60))
  until "$bin/pg_isready" -q -h "$home" -p "$port"; do
    kill -0 "$server" 2>/dev/null || return 1
    [ "$SECONDS" -lt "$deadline" ] || die 'the server did not answer within a minute'
    sleep 0.1
  done
}

# Ports below those that the kernel hands out to clients
launch_on_a_free_port() {
  local attempts=0
  while [ "$attempts" -lt 20 ]; do
    attempts=$((attempts + 1))
    port=$((20000 + RANDOM % 12000))
    echo "port = $port" | as_server tee -a "$home/data/postgresql.conf" >/dev/null
    : >"$home/log"
    launch "$1"
    if answers_soon; then return; fi
    grep -q 'Address already in use' "$home/log" || break
  done
  tail -n 20 "$home/log" >&2
  die 'the server did not start'
}

start() {
  local password port
  prepare
  password=$(od -An -tx1 -N16 /dev/urandom | tr -d ' \n')
  make_cluster "$password"
  launch_on_a_free_port "$1"
  export KITH_TEST_POSTGRES="postgres://kith:$password@127.0.0.1:$port/postgres"
  export KITH_TEST_POSTGRES_HOME=$home
  export KITH_TEST_POSTGRES_BIN=$bin
}

# Every server below the directory: a test may have restarted the first one, or made replicas
stop() {
  local pid_file
  [ -n "$home" ] && [ -d "$home" ] || return 0
  for pid_file in "$home"/*/postmaster.pid; do
    [ -e "$pid_file" ] || continue
    (cd "$home" && quietly as_server "$bin/pg_ctl" stop -D "${pid_file%/*}" -m immediate -w -t 30) ||
      say "a server may be left: process $(head -n 1 "$pid_file" 2>/dev/null || echo unknown)"
  done
  rm -rf "$home"
  home=
}

pass_on() {
  if [ -n "$child" ]; then
    kill -s "$1" "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  exit "$2"
}

run() {
  [ $# -gt 0 ] || die 'run what? scripts/postgres-test.sh run CMD…'
  trap stop EXIT
  trap 'pass_on INT 130' INT
  trap 'pass_on TERM 143' TERM
  trap 'pass_on HUP 129' HUP
  start INT
  local failed=0
  # In the background, so that a signal to this script alone is heard before the command ends
  "$@" <&0 &
  child=$!
  wait "$child" || failed=$?
  exit "$failed"
}

case ${1:-} in
run)
  shift
  run "$@"
  ;;
start)
  trap 'failed=$?; [ "$failed" = 0 ] || stop' EXIT
  start keep
  printf 'export %s=%q\n' KITH_TEST_POSTGRES "$KITH_TEST_POSTGRES" KITH_TEST_POSTGRES_HOME "$home" \
    KITH_TEST_POSTGRES_BIN "$bin"
  say "stop it with: scripts/postgres-test.sh stop $home"
  ;;
stop)
  home=${2:-${KITH_TEST_POSTGRES_HOME:-}}
  [[ ${home##*/} == kith-postgres.* ]] || die 'stop which? Give the directory that start named'
  [ -d "$home" ] || exit 0
  bin=$(newest_server) || die 'no PostgreSQL here'
  stop
  ;;
*)
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
  ;;
esac
