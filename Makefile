# Porchlight. `make help` lists the targets.
BUILD  ?= build
CC     ?= cc
WERROR ?= -Werror
OPT    ?= -O2 -g
PKGS    = libmicrohttpd sqlite3 libpcre2-8 libcurl jansson icu-uc icu-i18n libpsl libsodium md4c
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -Isrc -I$(BUILD)/gen -pthread $(OPT) $(WERROR) -Wall -Wextra -Wshadow -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wno-format-nonliteral -fno-common \
	-fstack-protector-strong -D_FORTIFY_SOURCE=2 $(SAN) $(CFLAGS) $(shell pkg-config --cflags $(PKGS))
LDLIBS_ALL = $(SAN) $(LDFLAGS) -pthread $(shell pkg-config --libs $(PKGS)) -lm

LIB_SRC = $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
LIB_OBJ = $(LIB_SRC:src/%.c=$(BUILD)/obj/%.o) $(BUILD)/gen/embedded.o

# What the binary carries inside it. The list is kept in a file that changes only when a file comes or goes.
EMBED   = $(sort $(shell find rules templates migrations -type f 2>/dev/null ! -name '.*' ! -name '*.md'))
LIB     = $(BUILD)/libporchlight.a

all: $(BUILD)/porchlight

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/gen/embedded.list: FORCE
	@mkdir -p $(@D)
	@echo '$(EMBED)' | cmp -s - $@ || echo '$(EMBED)' >$@
$(BUILD)/gen/embedded.S: src/base/embed.sh $(BUILD)/gen/embedded.list $(EMBED)
	src/base/embed.sh $@ $(BUILD)/gen/gz $(EMBED)
$(BUILD)/gen/embedded.o: $(BUILD)/gen/embedded.S
	$(CC) $(SAN) -c $< -o $@

# Rebuilt from nothing each time, so that a room that was removed does not live on in it.
$(LIB): $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $(LIB_OBJ)

$(BUILD)/porchlight: $(BUILD)/obj/cli/main.o $(LIB)
	$(CC) -o $@ $< $(LIB) $(LDLIBS_ALL)

UNIT_SRC = $(wildcard tests/unit/*_test.c)
UNIT_BIN = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
$(BUILD)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(LDLIBS_ALL)

unit: $(UNIT_BIN)
	@for t in $(UNIT_BIN); do echo "# $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJ:.o=.d) $(UNIT_BIN:=.d) $(BUILD)/obj/cli/main.d
.PHONY: all unit clean FORCE
