# pg_sessionize: PGXS build.
#
#   make                build the extension for the server of $(PG_CONFIG)
#   make install        install it there
#   make installcheck   run the SQL regression tests on a server that runs already
#   make check          everything, on private throwaway clusters (installs what it needs first)
#   make check-assert   tests on a server built with assertions, the functions under valgrind as well
#   make fuzz           JSON Schemas, requests, messages, spools, states, changed at random, under sanitizers for MINUTES=10 each
#   make soak           kill backends, workers and the server CYCLES=1000 times at random (SEED=N)
#   make demo           a private throwaway cluster with sessions to look at; make demo-stop removes it
#   make report         a page about the demo, or about PIPELINE=web of the database that PG* variables name
#   make live           a small shop at localhost whose clicks become sessions; make live-stop removes it
#   make bench          measure against plain SQL and DuckDB, side by side
#   make bench-freshness   measure how long a committed event takes into the star
#   make bench-backlog  measure a refresh beside the COPY of the same rows, and small batches
#   make bench-bot      measure how fresh other keys stay while a key of millions of events is busy
#   make bench-persons  measure what a login costs a refresh, with a million session keys
#   make bench-rollup   measure what rollups cost a refresh, and save a dashboard
#   make ingest        build pg_sessionize_ingest, which accepts events by HTTP; says what it lacks
#   make install-ingest install it, with its manual page and its systemd unit
#   make bench-ingest   measure the loading of a spool next to the COPY of the same rows
#   make bench-collect  measure the collector, and how long a click takes into the star
#   make bench-decode   measure decode() next to reading the same bytes as jsonb
#   make dist           the distribution for PGXN, of the last commit: pg_sessionize-VERSION.zip
#   make check-layers   fail when a file of src/ includes a header of a folder above its own
#   make format-check   fail when a C file is not as clang-format would have it
#   make help           this list

EXTENSION  = pg_sessionize
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)
OBJS       = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
SQL_PARTS  = $(sort $(wildcard sql/[0-9]*.sql))
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
DOCS       = README.md
# build/dev and build/demo say where clusters that run are: only what made them takes them away
EXTRA_CLEAN = test/property/property results build/check build/results build/demo-failed $(wildcard build/demo-tree-*)

TESTS        = $(sort $(wildcard test/sql/*.sql))
REGRESS      = $(patsubst test/sql/%.sql,%,$(TESTS))
REGRESS_OPTS = --inputdir=test --load-extension=$(EXTENSION)
ISOLATION    = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
# expected/ is looked for in the output directory, which pgxs.mk would have elsewhere
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=$(EXTENSION)

PG_CONFIG ?= pg_config

# Targets that must work before PostgreSQL's build files are on the machine.
STANDALONE = demo demo-stop report live live-stop check check-assert fuzz soak bench bench-freshness bench-backlog bench-bot bench-persons bench-rollup bench-ingest bench-collect bench-decode dist help format-check check-layers format property ingest install-ingest
ifneq ($(filter-out $(STANDALONE),$(or $(MAKECMDGOALS),all)),)
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS   = -std=gnu11 -Wall -Wextra $(if $(PAUSE_POINTS),-DSESSIONIZE_PAUSE_POINTS)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# A function of ours is ours, whatever other libraries of the server call theirs.
ifeq ($(PORTNAME), linux)
SHLIB_LINK += -Wl,-Bsymbolic
endif

$(OBJS): $(wildcard src/*.h src/*/*.h)

sql/$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS) $(EXTENSION).control
	cat $(SQL_PARTS) > $@
else
# What the user typed, to the letter: no $ in it is for make.
DEMO_VARIABLES = INPUT KEY TIME PAGE ID EVENT GAP MAX_DURATION SEED SCALE
$(foreach v,$(DEMO_VARIABLES),$(if $(filter-out undefined,$(origin $(v))),$(eval override export $(v) := $$(value $(v)))))

demo check check-assert:
	@PG_CONFIG='$(PG_CONFIG)' scripts/$@
soak:
	@PG_CONFIG='$(PG_CONFIG)' $(if $(CYCLES),CYCLES='$(CYCLES)') $(if $(SEED),SEED='$(SEED)') scripts/check soak
fuzz:
	@PG_CONFIG='$(PG_CONFIG)' $(if $(MINUTES),MINUTES='$(MINUTES)') $(if $(SEED),SEED='$(SEED)') scripts/fuzz-contract
	@PG_CONFIG='$(PG_CONFIG)' $(if $(MINUTES),MINUTES='$(MINUTES)') $(if $(SEED),SEED='$(SEED)') scripts/fuzz-decode
	@$(if $(MINUTES),MINUTES='$(MINUTES)') $(if $(SEED),SEED='$(SEED)') scripts/fuzz-formats
	@$(if $(MINUTES),MINUTES='$(MINUTES)') $(if $(SEED),SEED='$(SEED)') scripts/fuzz-ingest
	@PG_CONFIG='$(PG_CONFIG)' $(if $(MINUTES),MINUTES='$(MINUTES)') $(if $(SEED),SEED='$(SEED)') scripts/fuzz-states
bench:
	@PG_CONFIG='$(PG_CONFIG)' bench/side-by-side
bench-freshness:
	@PG_CONFIG='$(PG_CONFIG)' bench/freshness
bench-backlog:
	@PG_CONFIG='$(PG_CONFIG)' bench/backlog
bench-bot:
	@PG_CONFIG='$(PG_CONFIG)' bench/bot
bench-persons:
	@PG_CONFIG='$(PG_CONFIG)' bench/persons
bench-rollup:
	@PG_CONFIG='$(PG_CONFIG)' bench/rollup
bench-ingest:
	@PG_CONFIG='$(PG_CONFIG)' bench/ingest
bench-decode:
	@PG_CONFIG='$(PG_CONFIG)' bench/decode
bench-collect:
	@PG_CONFIG='$(PG_CONFIG)' bench/collect
demo-stop:
	@scripts/demo stop
report:
	@PG_CONFIG='$(PG_CONFIG)' $(foreach v,PIPELINE OUTPUT SINCE UNTIL,$(if $($v),$v='$($v)')) scripts/report
live:
	@PG_CONFIG='$(PG_CONFIG)' $(if $(PORT),PORT='$(PORT)') scripts/live
live-stop:
	@scripts/live stop
endif

property:
	@scripts/property

ingest:
	@$(MAKE) --no-print-directory -C ingest all
install-ingest:
	@$(MAKE) --no-print-directory -C ingest install

dist:
	@scripts/dist $(EXTENSION) $(EXTVERSION)

C_FILES = $(wildcard src/*.[ch] src/*/*.[ch] test/property/*.[ch] test/fuzz/*.[ch] ingest/*.[ch] test/ingest/*.[ch])
CLANG_FORMAT = clang-format
format:
	$(CLANG_FORMAT) -i $(C_FILES)
format-check:
	$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

check-layers:
	@PG_CONFIG='$(PG_CONFIG)' scripts/check-layers src

help:
	@sed -n 's/^#   //p' Makefile

.PHONY: demo demo-stop report live live-stop check check-assert check-layers fuzz soak bench bench-freshness bench-backlog bench-bot bench-persons bench-rollup bench-ingest bench-collect bench-decode dist help format format-check property ingest install-ingest
