#!/bin/sh
# `make up`: from a fresh checkout to a running desk. Run again, it just starts.
#
# Root is needed for one thing only: to install missing packages. Started by root, it makes a user `porchlight`, gives it the
# data folder, and everything that touches the data runs as that user (the binary becomes the folder's owner by itself).
set -eu

PKGS=$PKG_BUILD sh src/cli/packages.sh
echo "Building ..."
make -s -j"$(nproc)" "$BUILD/porchlight"
porchlight=$BUILD/porchlight

if [ "$(id -u)" = 0 ]; then
	getent passwd porchlight >/dev/null || useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin porchlight
	mkdir -p "$DATA"
	if ! setpriv --reuid porchlight --regid porchlight --clear-groups test -x "$(pwd -P)"; then
		DATA=/var/lib/porchlight${1:+-demo}
		echo "The user porchlight cannot reach this folder, so the data goes to $DATA."
		mkdir -p "$DATA"
	fi
	[ "$(stat -c %U "$DATA")" != root ] || chown -R porchlight: "$DATA"
else
	mkdir -p "$DATA"
fi
chmod 700 "$DATA"

"$porchlight" --data "$DATA" migrate
if [ "${1:-}" = --demo ]; then
	"$porchlight" --data "$DATA" demo
elif [ "$("$porchlight" --data "$DATA" user list --json | tr -d ' \n')" = '[]' ]; then
	"$porchlight" --data "$DATA" user add admin --role admin
fi
exec "$porchlight" --data "$DATA" serve --listen "$LISTEN"
