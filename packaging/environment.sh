#!/bin/sh
# Builds an environment with flashd, made by the system's own Python, which runs without the
# developer's: a service's user cannot enter his home.
#   environment.sh DIRECTORY FINAL WHEELS
# DIRECTORY is made anew and will stand at FINAL; WHEELS keeps what was fetched or built, by what
# is pinned, for the next time.
set -eu
directory=$1 final=$2 wheels=$3
root=$(cd "$(dirname "$0")/.." && pwd)
python=/usr/bin/python3
unset PYTHONPATH VIRTUAL_ENV # dpkg-buildpackage may be run from a shell that has entered another
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# All that flashd can use is in it, but for what its developers use.
extras=$("$python" - "$root/pyproject.toml" <<'END'
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    extras = tomllib.load(file)["project"].get("optional-dependencies", {})
names = ",".join(name for name in extras if name != "dev")
print(f"[{names}]" if names else "")
END
)
pinned=$("$python" - "$root/pyproject.toml" "$root/constraints.txt" <<'END'
import hashlib, sys
digest = hashlib.sha256(sys.version.encode())
for name in sys.argv[1:]:
    digest.update(open(name, "rb").read())
print(digest.hexdigest()[:16])
END
)
kept=$wheels/$pinned
mkdir -p "$wheels"
exec 9>"$wheels/lock"
flock 9
if [ ! -e "$kept/complete" ]; then
    rm -rf "$kept"
    "$python" -m venv "$kept/tools"
    "$kept/tools/bin/pip" install --quiet 'hatchling>=1.27'
    "$kept/tools/bin/pip" wheel --quiet --no-build-isolation \
        --constraint "$root/constraints.txt" --wheel-dir "$kept/wheels" "$root$extras"
    rm "$kept"/wheels/flashd-*.whl
    touch "$kept/complete"
fi
exec 9>&- # others may go on

own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
pip=$kept/tools/bin/pip
"$pip" wheel --quiet --no-build-isolation --no-deps --wheel-dir "$own" "$root"
rm -rf "$directory"
"$python" -m venv --without-pip "$directory"
"$pip" --python "$directory/bin/python" install --quiet --no-compile --no-index \
    --find-links "$kept/wheels" "$(ls "$own"/flashd-*.whl)$extras"
find "$directory/bin" "$directory/include" ! -name 'flashd*' ! -name 'python*' ! -type d -delete

# It moves: whatever names the place where it was built names the other one.
grep -rlIF "$directory" "$directory/bin" "$directory/pyvenv.cfg" |
    xargs -r sed -i "s|$directory|$final|g"
# By the hash of the source: a package changes the time of files.
"$directory/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash \
    -s "$directory" -p "$final" "$directory/lib"
find "$directory" -name direct_url.json -delete # where the wheel lay is nobody's concern
