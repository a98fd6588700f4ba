#!/bin/sh
# Installs the servers that the tests start, where they are missing: `packages.txt` lists them.
# None of them is started here, and none is configured: each test runs its own, on loopback.
# Where they cannot be installed it says how, and the tests that need them are left out; with
# CI=true it fails, as those tests would.
set -eu
cd "$(dirname "$0")"

missing=""
for package in $(sed 's/#.*//' packages.txt); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
install="apt-get install --yes --no-install-recommends$missing"

left_out() {
    echo "tests that need these Debian packages are left out, $1:$missing" >&2
    echo "install them once as root: $install" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

command -v apt-get >/dev/null || left_out "since there is no apt-get here"
[ "$(id -u)" = 0 ] || left_out "since only root can install them"

# A package's own service would start with its installation, and nobody asked for that.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2 || left_out "since apt-get update failed"
$install --quiet=2 >/dev/null || left_out "since apt-get could not install them"
