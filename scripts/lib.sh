# shellcheck shell=bash
# lib.sh: what the scripts share. Source it; it sets -euo pipefail.
#
#   sz_say, sz_die               a line to stderr; and exit 1
#   sz_need_packages PKG...      apt-get install what is missing (root, or sudo)
#   sz_pg_config                 set PG_CONFIG, PG_VERSION_MAJOR and SZ_PGTEST, installing PostgreSQL first where it is missing
#   sz_make_home NAME            set SZ_HOME to a new private directory the server's user can enter
#   sz_make_place DIR            make DIR a place for one cluster: DIR/s (sockets), DIR/work (data, logs)
#   sz_copy_tree DIR             copy the project's files, without anything built, to DIR
#   sz_build TREE [VAR=VALUE...] make in TREE; the log is SZ_HOME/build.log
#   sz_install TREE [VAR=VALUE...] install TREE beside a private copy of the server under SZ_HOME; sets SZ_BIN
#   sz_reinstall TREE [VAR=VALUE...] install TREE's files once more
#   sz_as_server CMD...          run CMD as the user that may run a server (postgres where we are root)
#   sz_own DIR...                make that user the owner of DIR
#   sz_start_cluster [CONF...]   initdb and start a private cluster in SZ_HOME: Unix socket only, no TCP port
#   sz_stop_cluster              stop it at once
#   sz_stop_all DIR              stop at once every cluster whose data lies below DIR
#   sz_psql ARGS...              psql on it as its superuser

set -euo pipefail

SZ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SZ_PORT=5432
# what is expensive to make and may be used again; where root keeps it, the server's user can read it
if [ "$(id -u)" = 0 ]; then SZ_CACHE=${SZ_CACHE:-/var/cache/pg_sessionize}; else SZ_CACHE=${SZ_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/pg_sessionize}; fi
export LC_ALL=C.UTF-8 LANG=C.UTF-8
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGOPTIONS PGSERVICE PGDATA PGAPPNAME PGCLIENTENCODING PGTZ PGDATESTYLE LANGUAGE
# what a calling make wants of us has nothing to do with the makes we run
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

sz_say() { printf '%s\n' "$*" >&2; }
sz_die() { sz_say "error: $*"; exit 1; }

# Root's privileges for CMD.
sz_as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

sz_apt_update() { sz_as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >&2; }

# Installing Debian's server package makes a cluster "main" and starts it, unless createcluster.conf
# says no. We need none, and nobody asked for one: say no for as long as the installation takes.
sz_apt_install() {
	# shellcheck disable=SC2016
	sz_as_root env DEBIAN_FRONTEND=noninteractive sh -c '
		dir=/etc/postgresql-common/createcluster.d
		conf=$dir/pg_sessionize-$$.conf
		parents=
		for d in /etc/postgresql-common "$dir"; do [ -d "$d" ] || { mkdir "$d"; parents="$d $parents"; }; done
		trap '\''rm -f "$conf"; for d in $parents; do rmdir "$d" 2>/dev/null; done'\'' EXIT
		trap "exit 130" INT TERM
		echo "create_main_cluster = false" >"$conf"
		apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@"
	' sh "$@"
}

sz_need_packages() {
	local missing=() p log
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return 0
	command -v apt-get >/dev/null || sz_die "these are missing, and there is no apt-get to install them: ${missing[*]}"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null || sz_die "need root or sudo to install: ${missing[*]}"
	sz_say "installing with apt-get: ${missing[*]}"
	[ -n "${SZ_UPDATED:-}" ] || sz_apt_update || sz_say "apt-get update failed; going on with the package lists at hand"
	SZ_UPDATED=1
	log=$(mktemp)
	sz_apt_install "${missing[@]}" >"$log" 2>&1 || { tail -20 "$log" >&2; rm -f "$log"; sz_die "apt-get could not install: ${missing[*]}"; }
	rm -f "$log"
}

# The major version that this release of Debian calls "postgresql".
sz_debian_version() {
	apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1
}

# The server's own package brings the makefiles, the headers come with its development files.
sz_has_pgxs() { command -v "$1" >/dev/null && [ -f "$("$1" --pgxs)" ] && [ -f "$("$1" --includedir-server)/postgres.h" ]; }

# The newest server this release of Debian has, unless PG_CONFIG names one.
sz_pg_config() {
	local v pgxs
	sz_need_packages gcc make libc6-dev perl
	PG_CONFIG=${PG_CONFIG:-pg_config}
	if ! sz_has_pgxs "$PG_CONFIG"; then
		[ "$PG_CONFIG" = pg_config ] ||
			sz_die "PG_CONFIG=$PG_CONFIG is not there, or its server's development files are not"
		v=$(sz_debian_version)
		[ -n "$v" ] || { sz_apt_update || true; SZ_UPDATED=1; v=$(sz_debian_version); }
		[ -n "$v" ] || sz_die "no package named postgresql is known here; say PG_CONFIG=/path/to/pg_config"
		sz_need_packages "postgresql-$v" "postgresql-server-dev-$v"
		PG_CONFIG=/usr/lib/postgresql/$v/bin/pg_config
	fi
	# Debian's /usr/bin/pg_config is a wrapper; the server's own says where the server is.
	[ -x "$("$PG_CONFIG" --bindir)/pg_config" ] && PG_CONFIG="$("$PG_CONFIG" --bindir)/pg_config"
	PG_VERSION_MAJOR=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	[ "$PG_VERSION_MAJOR" -ge 15 ] || sz_die "pg_sessionize needs PostgreSQL 15 or later; this is $("$PG_CONFIG" --version)"
	[ -x "$("$PG_CONFIG" --bindir)/postgres" ] || sz_need_packages "postgresql-$PG_VERSION_MAJOR"
	pgxs=$("$PG_CONFIG" --pgxs)
	SZ_PGTEST=$(dirname "$(dirname "$pgxs")")/test
	export PG_CONFIG PG_VERSION_MAJOR SZ_PGTEST
	sz_say "using $("$PG_CONFIG" --version)"
}

# A server refuses to run as root. postgres is Debian's user for it.
sz_server_user() { if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi; }

sz_as_server() {
	local user
	if [ "$(id -u)" != 0 ]; then "$@"; return; fi
	user=$(sz_server_user)
	HOME=/ setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
}

sz_own() { [ "$(id -u)" != 0 ] || chown -R "$(sz_server_user):" "$@"; }

sz_make_place() {
	mkdir -p "$1/s" "$1/work"
	chmod 755 "$1"
	# peers on the machine have no business on a socket where everybody is trusted
	chmod 700 "$1/s"
	sz_own "$1/s" "$1/work"
}

sz_make_home() {
	SZ_HOME=$(mktemp -d "${SZ_TMP:-/tmp}/sessionize-$1.XXXXXX")
	sz_make_place "$SZ_HOME"
}

sz_copy_tree() {
	mkdir -p "$1"
	tar -C "$SZ_ROOT" --exclude-vcs --exclude=./build --exclude=./results --exclude=node_modules --exclude='*.o' --exclude='*.bc' \
		--exclude='*.so' --exclude='./sql/pg_sessionize--*.sql' -cf - . | tar -C "$1" --no-same-owner -xf -
	chmod -R a+rX "$1"
}

# sz_make TREE ARGS...
sz_make() {
	local tree=$1
	shift
	make -s -C "$tree" PG_CONFIG="$PG_CONFIG" "$@" >>"$SZ_HOME/build.log" 2>&1 ||
		{ tail -50 "$SZ_HOME/build.log" >&2; return 1; }
}

sz_build() {
	local tree=$1
	shift
	sz_make "$tree" -j2 all "$@" || sz_die "the build failed"
}

# A server finds its share directory from where its own binary lies, so a copied bin directory
# with our files beside it is an installation of its own: nothing of the machine's is touched.
sz_install() {
	local bin lib share locale
	bin=$("$PG_CONFIG" --bindir) lib=$("$PG_CONFIG" --pkglibdir) share=$("$PG_CONFIG" --sharedir) locale=$("$PG_CONFIG" --localedir)
	mkdir -p "$SZ_HOME/install$bin" "$SZ_HOME/install$lib" "$SZ_HOME/install$share"
	# the library directory as links; it may hold the binaries, which must be real
	cp -as "$lib/." "$SZ_HOME/install$lib/"
	cp -a --remove-destination "$bin/." "$SZ_HOME/install$bin/"
	cp -aL "$share/." "$SZ_HOME/install$share/"
	mkdir -p "$SZ_HOME/install$(dirname "$locale")"
	[ -e "$SZ_HOME/install$locale" ] || ln -s "$locale" "$SZ_HOME/install$locale"
	# an installed pg_sessionize must not be taken for this one, nor written through a link
	find "$SZ_HOME/install$lib" "$SZ_HOME/install$share" -mindepth 1 -name 'pg_sessionize*' -prune -exec rm -rf {} +
	sz_reinstall "$@"
	chmod -R a+rX "$SZ_HOME/install"
	SZ_BIN="$SZ_HOME/install$bin"
	export PATH="$SZ_BIN:$PATH"
}

sz_reinstall() {
	local tree=$1
	shift
	sz_make "$tree" install DESTDIR="$SZ_HOME/install" "$@" || sz_die "the installation into $SZ_HOME failed"
}

# sz_start_cluster ['name = value' ...]
sz_start_cluster() {
	SZ_DATA="$SZ_HOME/work/data"
	(cd "$SZ_HOME/work" && sz_as_server "$SZ_BIN/initdb" -D "$SZ_DATA" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync) >"$SZ_HOME/initdb.log" 2>&1 ||
		{ cat "$SZ_HOME/initdb.log" >&2; sz_die "initdb failed"; }
	{
		echo "listen_addresses = ''"
		echo "port = $SZ_PORT"
		echo "unix_socket_directories = '$SZ_HOME/s'"
		echo "fsync = off"
		[ $# = 0 ] || printf '%s\n' "$@"
	} | sz_as_server tee -a "$SZ_DATA/postgresql.conf" >/dev/null
	# the server outlives the script: it must not keep the script's own files open
	(cd "$SZ_HOME/work" && sz_as_server "$SZ_BIN/pg_ctl" -D "$SZ_DATA" -l "$SZ_HOME/work/server.log" -w -s start) >&2 4>&- 9>&- ||
		{ tail -20 "$SZ_HOME/work/server.log" >&2; sz_die "the server did not start"; }
	export PGHOST="$SZ_HOME/s" PGPORT=$SZ_PORT PGUSER=postgres PGDATABASE=postgres
}

sz_stop_cluster() { [ -z "${SZ_DATA:-}" ] || sz_stop_all "$SZ_DATA"; }

sz_stop_all() {
	local pidfile
	find "$1" -name postmaster.pid 2>/dev/null | while IFS= read -r pidfile; do
		(cd / && sz_as_server "$SZ_BIN/pg_ctl" -D "$(dirname "$pidfile")" -m immediate -s stop) >/dev/null 2>&1 || true
	done
}

sz_psql() { "$SZ_BIN/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }
