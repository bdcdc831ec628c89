#!/bin/sh
# Sees to it that the Debian packages in $PKGS are installed: root installs what is missing, anybody else is told.
# "one|other" is content with either of them, and installs the first that there is.
set -eu
missing=
for p in $PKGS; do
	case " $(dpkg-query -W -f '${db:Status-Status} ' $(echo "$p" | tr '|' ' ') 2>/dev/null)" in
	*" installed "*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0
first=$(echo "$missing" | sed 's/|[^ ]*//g')
if ! command -v apt-get >/dev/null; then
	echo "Please install what these Debian packages hold, under your system's own names:$first" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "Some packages are missing. Please run, as root:" >&2
	echo "    apt-get install$first" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
chosen=
for p in $missing; do
	for one in $(echo "$p" | tr '|' ' '); do
		! apt-cache show "$one" >/dev/null 2>&1 || break
	done
	chosen="$chosen $one"
done
echo "Installing:$chosen"
# nginx is used by the tests under their own configuration; it must not start on its own.
[ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
apt-get install -y -qq --no-install-recommends $chosen >/dev/null
