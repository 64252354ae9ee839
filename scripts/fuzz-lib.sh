# shellcheck shell=bash
# fuzz-lib.sh: what the fuzz targets share; a target sources it after lib.sh.
#
# A target is a module of C, test/fuzz/NAME_fuzz.c, built with sanitizers and loaded into a private throwaway
# server beside the extension, some folders of which are built with sanitizers, too.  A report of a sanitizer, a
# crash, or an error of the module fails the run.

minutes=${MINUTES:-10}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
batch=2000
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g"

give_up() {
	[ -z "${SZ_BIN:-}" ] || sz_stop_all "$SZ_HOME"
	rm -rf "$SZ_HOME"
}

# build_extension FOLDER...: these folders of src/ with sanitizers, the rest without, which is quicker.
build_extension() {
	local objects
	objects=$(cd "$SZ_ROOT/src" && find "$@" -name '*.c' | sed 's/c$/o/; s/^/src\//')
	# shellcheck disable=SC2086
	sz_make "$SZ_HOME/tree" -j2 CC=gcc with_llvm=no COPT="$sanitize" $objects || sz_die "the build failed"
	sz_install "$SZ_HOME/tree" -j2 CC=gcc with_llvm=no SHLIB_LINK="-Wl,-Bsymbolic -fsanitize=address,undefined"
}

# put_sanitizers_first: the server loads the sanitizers' libraries before all others; they report to files.
put_sanitizers_first() {
	local asan
	asan=$(gcc -print-file-name=libasan.so)
	gcc -shared -fPIC -o "$SZ_HOME/work/no_gettext.so" "$SZ_ROOT/test/fuzz/no_gettext.c"
	mkdir "$SZ_HOME/work/reports"
	sz_own "$SZ_HOME/work/reports"
	mv "$SZ_BIN/postgres" "$SZ_BIN/postgres.bin"
	cat >"$SZ_BIN/postgres" <<-SCRIPT
		#!/bin/sh
		export LD_PRELOAD="$asan $SZ_HOME/work/no_gettext.so"
		export ASAN_OPTIONS="detect_leaks=0:abort_on_error=1:handle_abort=1:log_path=$SZ_HOME/work/reports/asan"
		export UBSAN_OPTIONS="print_stacktrace=1:abort_on_error=1:log_path=$SZ_HOME/work/reports/ubsan"
		exec "$SZ_BIN/postgres.bin" "\$@"
	SCRIPT
	chmod 755 "$SZ_BIN/postgres"
}

# build_driver NAME: prints the path of test/fuzz/NAME.c, with what the targets share, as a module.
build_driver() {
	local lib=$SZ_HOME/work/$1.so
	# shellcheck disable=SC2046,SC2086
	gcc -std=gnu11 $("$PG_CONFIG" --cflags_sl) $sanitize -I"$SZ_ROOT/src" -I"$("$PG_CONFIG" --includedir-server)" \
		-shared -o "$lib" "$SZ_ROOT/test/fuzz/$1.c" "$SZ_ROOT/test/fuzz/fuzz_module.c"
	chmod 755 "$lib"
	echo "$lib"
}

fail() {
	sz_say "failed in the batch of SEED=$1; it is repeated by BATCHES=1 SEED=$1 $0"
	find "$SZ_HOME/work/reports" -type f -exec head -60 {} + >&2
	grep -E 'PANIC|ERROR|DETAIL|terminated by signal' "$SZ_HOME/work/server.log" | tail -5 >&2
	mkdir -p "$SZ_ROOT/build/check"
	cp -r "$SZ_HOME/work/reports" "$SZ_HOME/work/server.log" "$SZ_ROOT/build/check/" || true
	exit 1
}

# fuzz_server FOLDER...: a server with the extension, in which these folders of src/ have sanitizers.
fuzz_server() {
	sz_pg_config
	sz_need_packages gcc
	sz_make_home fuzz
	trap give_up EXIT
	sz_say "building"
	sz_copy_tree "$SZ_HOME/tree"
	build_extension "$@"
	put_sanitizers_first
	sz_start_cluster 'autovacuum = off' 'statement_timeout = 600s' 'client_min_messages = error'
}

# fuzz_batches SQL WORD: runs an expression over the table "pool", in which SEED stands for the seed and BATCH for
# how many of what WORD says; its result is how many of these had a verdict.
fuzz_batches() {
	local end=$((SECONDS + minutes * 60)) all=0 judged=0 batches=0 one
	sz_say "SEED=$seed MINUTES=$minutes"
	while [ $SECONDS -lt $end ] && [ $batches -lt "${BATCHES:-1000000000}" ]; do
		one=$(echo "SELECT $1 FROM pool" | sed "s/SEED/$seed/; s/BATCH/$batch/" | sz_psql -At) || fail $seed
		[ -z "$(ls "$SZ_HOME/work/reports")" ] || fail $seed
		all=$((all + batch)) judged=$((judged + one)) batches=$((batches + 1)) seed=$((seed + 1))
	done
	[ $judged -gt $((all / 10)) ] || sz_die "only $judged of $all $2 had a verdict: they are no test"
	echo "ok: $all $2, of which $judged had a verdict and the others an error"
}
