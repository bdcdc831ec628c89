# Porchlight. `make help` lists the targets.
BUILD  ?= build
CC     ?= cc
WERROR ?= -Werror
OPT    ?= -O2 -g -D_FORTIFY_SOURCE=2
DATA   ?= ./data
LISTEN ?= 127.0.0.1:8080

# What the product is built on, and what only its tests need (Debian 12 names).
PKG_BUILD = gcc make pkg-config libc6-dev libmicrohttpd-dev libsqlite3-dev libpcre2-dev libcurl4-openssl-dev libjansson-dev \
	libicu-dev libpsl-dev libsodium-dev libmd4c-dev libmd-dev publicsuffix tzdata
PKG_TEST  = libcmocka-dev clang chromium-headless-shell|chromium nginx-light rspamd curl sqlite3 fonts-noto-core fonts-noto-cjk spamassassin
PKG_BENCH = wrk libnginx-mod-nchan sa-compile re2c

PKGS    = libmicrohttpd sqlite3 libpcre2-8 libcurl jansson icu-uc icu-i18n libpsl libsodium md4c libmd
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -Isrc -pthread $(OPT) $(WERROR) -Wall -Wextra -Wshadow -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-format-nonliteral -fno-common \
	-fstack-protector-strong $(SAN) $(CFLAGS) $(shell pkg-config --cflags $(PKGS))
LDLIBS_ALL = $(SAN) $(LDFLAGS) -pthread $(shell pkg-config --libs $(PKGS)) -lm

all: $(BUILD)/porchlight ## build the binary (build/porchlight)

# --- the binary ---------------------------------------------------------------------------------------------------------

LIB_SRC = $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
LIB_OBJ = $(LIB_SRC:src/%.c=$(BUILD)/obj/%.o) $(BUILD)/gen/embedded.o
LIB     = $(BUILD)/libporchlight.a

# What the binary carries inside it. The list is kept in a file that changes only when a file comes or goes.
EMBED   = $(sort $(shell find rules templates migrations -type f ! -name '.*' ! -name '*.md' 2>/dev/null))

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/gen/embedded.list: FORCE
	@mkdir -p $(@D)
	@echo '$(EMBED)' | cmp -s - $@ || echo '$(EMBED)' >$@
$(BUILD)/gen/embedded.S: src/base/embed.sh $(BUILD)/gen/embedded.list $(EMBED)
	src/base/embed.sh $@ $(BUILD)/gen/gz $(EMBED)
$(BUILD)/gen/embedded.o: $(BUILD)/gen/embedded.S
	$(CC) -c $< -o $@

# Rebuilt from nothing each time, so that a room that was removed does not live on in it.
$(LIB): $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $(LIB_OBJ)

$(BUILD)/porchlight: $(BUILD)/obj/cli/main.o $(LIB)
	$(CC) -o $@ $< $(LIB) $(LDLIBS_ALL)

# --- running it ---------------------------------------------------------------------------------------------------------

up: ## install what is missing, build, migrate, make the first admin, serve
	@PKG_BUILD='$(PKG_BUILD)' DATA='$(DATA)' LISTEN='$(LISTEN)' BUILD='$(BUILD)' sh src/cli/up.sh

demo: ## the same with a seeded desk in ./data-demo
	@PKG_BUILD='$(PKG_BUILD)' DATA=./data-demo LISTEN='$(LISTEN)' BUILD='$(BUILD)' sh src/cli/up.sh --demo

dev: ## the seeded desk with templates read from the tree at each request
	@PKG_BUILD='$(PKG_BUILD)' PORCHLIGHT_TEMPLATES=templates DATA=./data-demo LISTEN='$(LISTEN)' BUILD='$(BUILD)' sh src/cli/up.sh --demo

# --- tests --------------------------------------------------------------------------------------------------------------

UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))
REPLAY_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz-replay/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
TEST_CFLAGS = $(CFLAGS_ALL) -Wno-missing-prototypes -Itests

$(BUILD)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(LDLIBS_ALL)

$(BUILD)/fuzz-replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $< tests/fuzz/replay.c $(LIB) $(LDLIBS_ALL)

$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fsanitize=fuzzer -o $@ $< $(LIB) $(LDLIBS_ALL)

# Built with the tests, so that a driver nobody measures with today still compiles tomorrow.
BENCH_BIN = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
$(BUILD)/bench/%: tests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $< $(LIB) $(LDLIBS_ALL)

# The binary on a disk that forgets what was not synced, and the same without syncing at all (which must lose something).
FAULT_BIN = $(BUILD)/porchlight-lossy $(BUILD)/porchlight-careless
$(BUILD)/fault/vfs_lossy.o: tests/fault/vfs_lossy.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -c $< -o $@
$(BUILD)/fault/lossy.o: src/store/db_sqlite.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -DDB_SQLITE_CHECKPOINT_PAGES=60 -c $< -o $@
$(BUILD)/fault/careless.o: src/store/db_sqlite.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -DDB_SQLITE_SYNCHRONOUS='"OFF"' -c $< -o $@
$(BUILD)/porchlight-%: $(BUILD)/obj/cli/main.o $(BUILD)/fault/vfs_lossy.o $(BUILD)/fault/%.o $(LIB)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

test: test-deps ## install what tests need and run them all
	@$(MAKE) -s -j2 test-build
	@node tests/run.mjs

test-build: $(BUILD)/porchlight $(UNIT_BIN) $(REPLAY_BIN) $(FAULT_BIN) $(BENCH_BIN)

unit: $(UNIT_BIN) ## one suite alone; also: rules, http, fault, browser
http browser fault rules: test-build
unit http browser fault rules:
	@node tests/run.mjs $@

CHECK_RULES ?= 2000
NEVER_MISSES ?= 200
check-rules: $(BUILD)/porchlight $(BUILD)/unit/never_misses_test $(BUILD)/unit/rule_corpora_test test-deps ## rules and texts beside SpamAssassin; the index beside plain PCRE2, on made and on real rules
	@BUILD='$(BUILD)' node tests/rules/sa/compare.mjs --rules $(CHECK_RULES) --texts 500
	@NEVER_MISSES=$(NEVER_MISSES) $(BUILD)/unit/never_misses_test
	@NEVER_MISSES=$(NEVER_MISSES) $(BUILD)/unit/rule_corpora_test

lint: ## the layer table, vendor headers, banned functions, SQL, documentation
	@node tests/lint/lint.mjs

test-asan: ## the whole suite under AddressSanitizer, with unsigned chars as on ARM
	@$(MAKE) -s test BUILD=build-asan OPT='-O1 -g -funsigned-char' SAN='-fsanitize=address -fno-omit-frame-pointer'
test-ubsan: ## the whole suite under UndefinedBehaviorSanitizer
	@$(MAKE) -s test BUILD=build-ubsan OPT='-O1 -g' SAN='-fsanitize=undefined -fno-sanitize-recover=all'
test-tsan: ## the whole suite under ThreadSanitizer
	@$(MAKE) -s test BUILD=build-tsan OPT='-O1 -g' SAN='-fsanitize=thread'

FUZZ_SECONDS ?= 600
fuzz: ## run each fuzz target FUZZ_SECONDS (600) under ASan and UBSan, two at a time, and say which lines they reach
	@$(MAKE) -s -j2 -O fuzz-run BUILD=build-fuzz CC=clang OPT='-O1 -g' SAN='-fsanitize=address,undefined,fuzzer-no-link'
	@$(MAKE) -s fuzz-cover
fuzz-run: $(patsubst tests/fuzz/%_fuzz.c,fuzz-run-%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz-run-%: $(BUILD)/fuzz/%_fuzz
	@mkdir -p $(BUILD)/corpus/$*
	@echo "# $*"; $< -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=$(BUILD)/ $(BUILD)/corpus/$* tests/fuzz/corpus/$* >$(BUILD)/$*.log 2>&1; \
		status=$$?; tail -n 12 $(BUILD)/$*.log; exit $$status

fuzz-cover: ## the share of lines that the inputs of each fuzz target reach in the rooms it is for
	@PKGS='clang llvm' sh src/cli/packages.sh
	@$(MAKE) -s -j2 fuzz-cover-build BUILD=build-cover CC=clang OPT='-O1 -g' SAN='-fprofile-instr-generate -fcoverage-mapping'
	@node tests/fuzz/cover.mjs
fuzz-cover-build: $(REPLAY_BIN)

bench: $(BUILD)/porchlight $(BENCH_BIN) bench-deps ## measure, beside peers, in one run
	@BUILD='$(BUILD)' node tests/bench/run.mjs
bench-deps: test-deps
	@PKGS='$(PKG_BENCH)' sh src/cli/packages.sh

screenshots: $(BUILD)/porchlight test-deps ## every page, both themes, phone and desktop, into tests/screenshots
	@node tests/browser/screenshots.mjs

test-deps:
	@PKGS='$(PKG_BUILD) $(PKG_TEST)' sh src/cli/packages.sh
	@command -v node >/dev/null && command -v npm >/dev/null || PKGS='nodejs npm' sh src/cli/packages.sh
	@if [ -f tests/package-lock.json ]; then cd tests && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; }; fi

docs: ## write the README's tables from the .def files
	@node tests/lint/docs.mjs

fmt: ## format the lines of C that you changed since the last commit
	@PKGS=clang-format sh src/cli/packages.sh
	@git clang-format --force --quiet --extensions c,h

help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 40

clean: ## remove what was built
	rm -rf build build-*

-include $(LIB_OBJ:.o=.d) $(UNIT_BIN:=.d) $(BUILD)/obj/cli/main.d
.PHONY: all up demo dev test test-build unit http browser fault rules check-rules lint test-asan test-ubsan test-tsan fuzz fuzz-run fuzz-cover fuzz-cover-build bench bench-deps screenshots test-deps docs fmt help clean FORCE
