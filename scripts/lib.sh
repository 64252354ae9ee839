# shellcheck shell=bash
# lib.sh: what the scripts share. Source it; it sets -euo pipefail.
#
#   sz_need_packages PKG...      apt-get install what is missing (root, or sudo)
#   sz_pg_config                 set PG_CONFIG, PG_VERSION_MAJOR and PGXS_DIR, installing PostgreSQL first where it is missing
#   sz_make_home NAME            set SZ_HOME to a new private directory the server's user can enter
#   sz_temp_install              build the tree and install it beside a private copy of the server under SZ_HOME
#   sz_as_server CMD...          run CMD as the user that may run a server (postgres where we are root)
#   sz_start_cluster [CONF...]   initdb and start a private cluster in SZ_HOME, socket only, no TCP port
#   sz_stop_cluster              stop it at once
#   sz_psql ARGS...              psql on it as its superuser

set -euo pipefail

SZ_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SZ_SUDO=
SZ_PORT=5432
export LC_ALL=C.UTF-8
unset PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS PGSERVICE PGPASSWORD PGDATA 2>/dev/null || true

sz_say() { printf '%s\n' "$*" >&2; }
sz_die() { sz_say "error: $*"; exit 1; }

sz_root_prefix() {
	[ "$(id -u)" = 0 ] && return 0
	command -v sudo >/dev/null || sz_die "need root or sudo to install packages: $*"
	SZ_SUDO=sudo
}

sz_need_packages() {
	local missing=() p
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return 0
	sz_root_prefix "${missing[*]}"
	sz_say "installing with apt-get: ${missing[*]}"
	$SZ_SUDO apt-get update -qq >&2 || sz_say "apt-get update failed; trying with the package lists at hand"
	# Debian would start a cluster of its own on installation; we never need one.
	$SZ_SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
		sz_die "apt-get could not install: ${missing[*]}"
}

# The newest server this release of Debian has, unless PG_CONFIG names one.
sz_pg_config() {
	local v
	sz_need_packages gcc make libc6-dev perl
	if [ -z "${PG_CONFIG:-}" ] || ! command -v "$PG_CONFIG" >/dev/null || [ ! -f "$("$PG_CONFIG" --pgxs)" ]; then
		if [ -n "${PG_CONFIG:-}" ] && [ "$PG_CONFIG" != pg_config ]; then
			sz_die "PG_CONFIG=$PG_CONFIG is not there, or its server development files are not"
		fi
		v=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
		if [ -z "$v" ]; then
			sz_root_prefix postgresql
			$SZ_SUDO apt-get update -qq >&2
			v=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
		fi
		[ -n "$v" ] || sz_die "no postgresql package in the package lists"
		sz_need_packages "postgresql-$v" "postgresql-server-dev-$v"
		PG_CONFIG=/usr/lib/postgresql/$v/bin/pg_config
	fi
	# Debian's /usr/bin/pg_config is a wrapper; the server's own says where the server is.
	[ -x "$("$PG_CONFIG" --bindir)/pg_config" ] && PG_CONFIG="$("$PG_CONFIG" --bindir)/pg_config"
	PG_VERSION_MAJOR=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	[ -x "$("$PG_CONFIG" --bindir)/postgres" ] || sz_need_packages "postgresql-$PG_VERSION_MAJOR"
	PGXS_DIR=$(dirname "$(dirname "$("$PG_CONFIG" --pgxs)")")
	export PG_CONFIG
	sz_say "using $("$PG_CONFIG" --version)"
}

sz_server_user() {
	if [ "$(id -u)" != 0 ]; then id -un; else echo postgres; fi
}

sz_as_server() {
	if [ "$(id -u)" != 0 ]; then "$@"; else setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; fi
}

sz_make_home() {
	SZ_HOME=$(mktemp -d "${SZ_TMP:-/tmp}/sessionize-$1.XXXXXX")
	chmod 755 "$SZ_HOME"
	mkdir "$SZ_HOME/s" "$SZ_HOME/work"
	[ "$(id -u)" != 0 ] || chown postgres: "$SZ_HOME/s" "$SZ_HOME/work"
}

# A server finds its share directory from where its own binary lies, so a copied bin directory
# with our files beside it is an installation of its own: nothing of the machine's is touched.
sz_temp_install() {
	local bin lib share d f
	bin=$("$PG_CONFIG" --bindir) lib=$("$PG_CONFIG" --pkglibdir) share=$("$PG_CONFIG" --sharedir)
	sz_say "building"
	make -s -C "$SZ_ROOT" PG_CONFIG="$PG_CONFIG" -j2 all ${SZ_MAKEFLAGS:-} >"$SZ_HOME/build.log" 2>&1 ||
		{ tail -50 "$SZ_HOME/build.log" >&2; sz_die "the build failed"; }
	mkdir -p "$SZ_HOME/install$bin" "$SZ_HOME/install$lib" "$SZ_HOME/install$share"
	cp -a "$bin/." "$SZ_HOME/install$bin/"
	cp -as "$lib/." "$SZ_HOME/install$lib/" 2>/dev/null || true
	# keep the copied binaries real where bin lies below lib, as on Debian
	cp -a --remove-destination "$bin/." "$SZ_HOME/install$bin/"
	cp -aL "$share/." "$SZ_HOME/install$share/"
	# links into the machine's own installation must not be written through
	find "$SZ_HOME/install" -name 'pg_sessionize*' \( -type l -o -type f \) -delete
	rm -rf "$SZ_HOME/install$lib/bitcode/pg_sessionize"
	sz_reinstall
	chmod -R a+rX "$SZ_HOME/install"
	SZ_BIN="$SZ_HOME/install$bin"
	SZ_LIB="$SZ_HOME/install$lib"
	for d in pgxs/src/test; do
		f="$lib/$d"
		[ -d "$f" ] || f="$PGXS_DIR/../src/test"
	done
	SZ_PGTEST=$(cd "$PGXS_DIR/test" 2>/dev/null && pwd || true)
	export PATH="$SZ_BIN:$PATH"
}

sz_reinstall() {
	make -s -C "$SZ_ROOT" PG_CONFIG="$PG_CONFIG" install DESTDIR="$SZ_HOME/install" ${SZ_MAKEFLAGS:-} >>"$SZ_HOME/build.log" 2>&1 ||
		{ tail -50 "$SZ_HOME/build.log" >&2; sz_die "the installation into $SZ_HOME failed"; }
}

# sz_start_cluster ['name = value' ...]
sz_start_cluster() {
	local line
	SZ_DATA="$SZ_HOME/work/data"
	(cd "$SZ_HOME/work" && sz_as_server "$SZ_BIN/initdb" -D "$SZ_DATA" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync) >"$SZ_HOME/initdb.log" 2>&1 ||
		{ cat "$SZ_HOME/initdb.log" >&2; sz_die "initdb failed"; }
	{
		echo "listen_addresses = ''"
		echo "port = $SZ_PORT"
		echo "unix_socket_directories = '$SZ_HOME/s'"
		echo "fsync = off"
		for line in "$@"; do echo "$line"; done
	} | sz_as_server tee -a "$SZ_DATA/postgresql.conf" >/dev/null
	(cd "$SZ_HOME/work" && sz_as_server "$SZ_BIN/pg_ctl" -D "$SZ_DATA" -l "$SZ_HOME/work/server.log" -w -s start) >&2 ||
		{ tail -20 "$SZ_HOME/work/server.log" >&2; sz_die "the server did not start"; }
	export PGHOST="$SZ_HOME/s" PGPORT=$SZ_PORT PGUSER=postgres PGDATABASE=postgres
}

sz_stop_cluster() {
	[ -n "${SZ_DATA:-}" ] && [ -f "$SZ_DATA/postmaster.pid" ] || return 0
	(cd "$SZ_HOME/work" && sz_as_server "$SZ_BIN/pg_ctl" -D "$SZ_DATA" -m immediate -s stop) >/dev/null 2>&1 || true
}

sz_psql() { "$SZ_BIN/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }
