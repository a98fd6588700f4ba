#!/bin/sh
# Installs the servers that the tests start, where they are missing: `packages.txt` lists them.
# None of them is started here, and none is configured: each test runs its own, on loopback.
set -eu
cd "$(dirname "$0")"

missing=""
for package in $(sed 's/#.*//' packages.txt); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install --yes --no-install-recommends$missing"
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "the tests need these Debian packages:$missing" >&2
    echo "install them once as root: $install" >&2
    exit 1
fi

# A package's own service would start with its installation, and nobody asked for that.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
$install --quiet=2 >/dev/null
