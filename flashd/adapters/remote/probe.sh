#!/bin/sh
# flashd-probe: answers the questions of flashd about this host, and changes nothing on it.
#
# It is the forced command of flashd's probe key (authorized_keys):
#   restrict,from="...",command="/usr/libexec/flashd-probe" ssh-ed25519 ...
#
#   -c FILE   the programs that may be run, one absolute path a line
#   -p PATH   where systemctl, om, crm_mon and the like are looked for
#   -q TEXT   the question, where flashd runs this on its own host
#   -s PATH   where sysfs is, instead of /sys
#
# The question stands in SSH_ORIGINAL_COMMAND. It is taken apart here and never given to a shell.

LC_ALL=C
export LC_ALL
umask 077
set -f

commands=/etc/flashd-probe/commands
path=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/usr/es/sbin/cluster/utilities:/opt/VRTS/bin
sysfs=/sys
here=
while [ $# -gt 1 ]; do
    case $1 in
    -c) commands=$2 ;;
    -p) path=$2 ;;
    -q) here=$2 ;;
    -s) sysfs=$2 ;;
    *) break ;;
    esac
    shift 2
done
PATH=$path
export PATH
surplus=$#

asked=${here:-${SSH_ORIGINAL_COMMAND-}}
unset SSH_ORIGINAL_COMMAND SSH_CLIENT SSH_CONNECTION SSH_TTY ENV BASH_ENV CDPATH
# Each has a program answer from another place than this host.
unset CIB_file CIB_shadow CIB_port CIB_server VCS_HOST
ODMDIR=/etc/objrepos
export ODMDIR
IFS=' '
nonce=-
begun=

begin() {
    begun=1
    system=$(uname -s)
    name=$(uname -n)
    machine=-
    case $system in
    Linux) [ -r /etc/machine-id ] && read -r machine </etc/machine-id ;;
    AIX) # uname -m is the number of the machine there, but one for all its partitions
        machine=$(lsattr -E -l sys0 -a os_uuid -F value 2>/dev/null)
        [ -n "$machine" ] || machine=$(uname -m)
        ;;
    esac
    case $system in '' | *[!A-Za-z0-9._-]*) system=- ;; esac
    case $name in '' | *[!A-Za-z0-9._-]*) name=- ;; esac
    case $machine in '' | *[!A-Za-z0-9._-]*) machine=- ;; esac
    printf 'FLASHD-BEGIN %s 1\nFLASHD-HOST %s %s %s\n' "$nonce" "$system" "$name" "$machine"
}

end() {
    printf '\nFLASHD-END %s %s\n' "$nonce" "$1"
    exit 0
}

refuse() {
    [ -n "$begun" ] || begin
    printf '%s\n' "$1"
    end refused
}

# Has what is run end with flashd's waiting, where that can be had. On its own host flashd ends its
# process group itself, out of which `timeout` would take a program.
limits() {
    limited=
    if [ -z "$here" ] && timeout -s KILL 5 true >/dev/null 2>&1; then
        limited="timeout -s KILL $limit"
    fi
}

# Runs a program with nothing on its input, for as long as flashd waits where that can be had.
answer() {
    limits
    $limited "$@" </dev/null
    end "rc=$?"
}

# Why a file could have been put there by somebody else than the administrator; fails if not.
untrusted() {
    looked=$1 sticky=
    set -- $(ls -ldn "$looked" 2>/dev/null)
    if [ $# -lt 3 ]; then
        why="$looked cannot be looked at"
        return 0
    fi
    if [ "$3" != 0 ] && [ "$3" != "$me" ]; then
        why="$looked belongs to another user than root; run: chown root $looked"
        return 0
    fi
    case $1 in
    ?????w* | ????????w*)
        why="$looked can be changed by its group or by others; run: chmod go-w $looked"
        case $1 in d????????[tT]*) sticky=1 ;; esac
        return 0
        ;;
    esac
    return 1
}

trusted() {
    [ ! -h "$1" ] || refuse "$1 is a symbolic link; name what it leads to"
    [ -f "$1" ] || refuse "$1 is not there, or no plain file"
    for place in "$1" "${1%/*}/."; do
        if untrusted "$place"; then refuse "$why"; fi
    done
    # Whoever may rename a folder above can put another one in its place; in a sticky one, such as
    # /tmp, only its owner can.
    above=${1%/*}
    while [ -n "$above" ]; do
        above=${above%/*}
        if untrusted "$above/." && [ -z "$sticky" ]; then refuse "$why"; fi
    done
}

allowed() {
    case $1 in
    /*) ;;
    *) refuse "$1 is a relative path" ;;
    esac
    me=$(id -u)
    trusted "$commands"
    listed=
    while IFS= read -r line || [ -n "$line" ]; do
        [ "$line" = "$1" ] && listed=1
    done <"$commands"
    [ -n "$listed" ] || refuse "$1 is not allowed on this host; its administrator writes it to $commands"
    trusted "$1"
}

section() {
    printf '\n==> %s <==\n' "$1"
}

# Whether processes may be hidden from this one.
sight() {
    section groups
    id -G
    for kind in pid user; do
        section "self/ns/$kind"
        readlink "/proc/self/ns/$kind"
    done
    section self/mountinfo
    cat /proc/self/mountinfo
    section self/status
    cat /proc/self/status
}

below() {
    for place in $places; do
        printf '%s ' "$place/$1"
    done
}

# All of /proc that tells which processes there are, and whether some are hidden from this one.
processes() {
    [ "$system" = Linux ] || refuse "processes can be listed on Linux only, and this is $system"
    limits
    set +f
    section probe
    printf '%s %s %s\n' "$$" "$(id -u)" "$0"
    section user
    case $1 in
    '' | -*) echo - ;;
    *) id -u "$1" 2>/dev/null || echo - ;;
    esac
    sight
    section pids
    places=$(echo /proc/[0-9]*)
    echo "$places"
    for file in stat cmdline; do
        echo
        $limited head -n 100000 $(below "$file")
    done 2>/dev/null
    section uids
    $limited grep '^Uid:' /dev/null $(below status) 2>/dev/null
    section after
    echo /proc/[0-9]*
    section end
    end rc=0
}

# What a shell cannot do: open a device exclusively, and tell files by their device. It only reads,
# and opens for reading. A device is claimed for the moment of the look; whoever else does just
# that (another probe) is waited for.
blocks='
import errno, os, stat, sys, time

sysfs, mode, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
remote = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "afs", "lustre", "gpfs", "autofs")


def say(*words):
    print(" ".join(ascii(word)[1:-1].replace(" ", "\\x20") for word in words))


def told(*path):
    try:
        with open("/".join(path), "rb") as file:
            return file.read().decode("utf-8", "backslashreplace").strip("\0\n\r\t ")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def names(*path):
    try:
        return sorted(os.listdir("/".join(path)))
    except (FileNotFoundError, NotADirectoryError):
        return []


def number(found):
    if not (stat.S_ISBLK(found.st_mode) or stat.S_ISCHR(found.st_mode)):
        return ""
    kind = "c" if stat.S_ISCHR(found.st_mode) else ""
    return "%s%d:%d" % (kind, os.major(found.st_rdev), os.minor(found.st_rdev))


def number_of(path):
    try:
        return number(os.stat(path))
    except OSError:
        return "?"


def listing():
    files = (("wwid", "device/wwid"), ("wwid", "wwid"), ("uuid", "dm/uuid"))
    for name in os.listdir(sysfs + "/block"):
        place = sysfs + "/block/" + name
        say("device", name, told(place, "dev"))
        for key, file in files:
            if told(place, file):
                say(key, name, told(place, file))
        backing = told(place, "loop/backing_file")
        if backing.startswith("/dev/"):
            say("over", name, number_of(backing) or "-")
        for part in [""] + [one for one in names(place) if told(place, one, "partition")]:
            if part:
                say("part", name, part, told(place, part, "dev"))
            for holder in names(place, part, "holders"):
                say("holder", part or name, holder)
    say("end")


def claim(name):
    for again in range(6):
        try:
            return os.open("/dev/" + name, os.O_RDONLY | os.O_EXCL), ""
        except OSError as error:
            why = errno.errorcode.get(error.errno, str(error.errno))
            if error.errno != errno.EBUSY:
                return None, why
        time.sleep(0.05 + 0.1 * (os.getpid() % 7) / 7)
    return None, why


def opened():
    held = []
    for word in wanted:
        name, how, expected = word.partition("=")
        if not how:
            continue
        claimed, why = claim(name)
        if claimed is None:
            say("failed", name, why)
            continue
        held.append(claimed)
        found = number(os.fstat(claimed))
        at = sysfs + "/dev/block/" + found
        say("opened", name, found or "-", told(at, "dm/uuid") or told(at, "device/wwid") or "-")
    for one in held:
        os.close(one)


def ours(pid):
    try:
        with open("/proc/%s/environ" % pid, "rb") as file:
            marked = b"FLASHD_PROBE=1" in file.read().split(b"\0")
        return marked and os.stat("/proc/" + pid).st_uid == os.geteuid()
    except OSError:
        return False


def mounts(pid, numbers, slow):
    with open("/proc/%s/mountinfo" % pid, "rb") as file:
        lines = file.read().decode("utf-8", "backslashreplace").splitlines()
    for line in lines:
        words, after = line.split(), line.partition(" - ")[2].split()
        if after[0].startswith(remote):
            slow.add(words[0])
            continue
        origin = after[1] if len(after) > 1 else ""
        kname = numbers.get(words[2]) or (
            origin.startswith("/dev/") and numbers.get(number_of(origin)))
        if kname:
            say("mount", kname, pid, words[4])


def uses(pid, numbers, slow):
    for one in os.listdir("/proc/%s/fd" % pid):
        at = "/proc/%s/fd/%s" % (pid, one)
        try:
            if not os.readlink(at).startswith("/"):
                continue
            mount = told("/proc", pid, "fdinfo", one).partition("mnt_id:")[2].split()
            if mount and mount[0] in slow:
                continue
            kname = numbers.get(number(os.stat(at)))
        except PermissionError:
            raise
        except OSError:
            continue
        if kname and not ours(pid):
            say("use", kname, pid, told("/proc", pid, "comm") or "-")


def processes():
    numbers = {}
    for word in wanted:
        name, dev = word.replace("=", "~").split("~")
        numbers[dev] = name
        for kind in ("scsi_generic", "bsg"):  # other doors to the same disk; nobody claims these
            for one in names(sysfs, "block", name, "device", kind):
                numbers["c" + told(sysfs, "block", name, "device", kind, one, "dev")] = name
    seen, slow, gone = set(), set(), (FileNotFoundError, ProcessLookupError)
    everybody = [pid for pid in os.listdir("/proc") if pid.isdigit() and pid != str(os.getpid())]
    for look in ("mounts", "uses"):
        for pid in everybody:
            try:
                if look == "uses":
                    uses(pid, numbers, slow)
                    continue
                space = os.readlink("/proc/%s/ns/mnt" % pid)
                if space not in seen:
                    mounts(pid, numbers, slow)
                    seen.add(space)
            except gone:
                continue
            except PermissionError:
                say("hidden", pid)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
    for line in told("/proc/swaps").splitlines()[1:]:
        kname = numbers.get(number_of(line.split()[0]))
        if kname:
            say("swap", kname)
    say("looked", str(len(everybody)))
    say("end")


if mode == "list":
    listing()
else:
    opened()
    processes()
'

interpreter() {
    [ "$system" = Linux ] || refuse "block devices can be looked at on Linux only, and this is $system"
    for python in python3 /usr/libexec/platform-python -; do
        "$python" -I -S -c pass </dev/null >/dev/null 2>&1 && break
    done
    [ "$python" != - ] || refuse 'there is no python3, without which a device cannot be opened exclusively'
    FLASHD_PROBE=1
    LVM_SUPPRESS_FD_WARNINGS=1
    export FLASHD_PROBE LVM_SUPPRESS_FD_WARNINGS
    limits
}

# Runs a program and tells all that it says, and how it ended, below a name.
told() {
    part=$1
    shift
    section "$part"
    $limited "$@" </dev/null 2>&1
    rc=$?
    section "status/$part"
    echo "$rc"
}

# Which block devices there are, what they are called and what stands on them.
storage() {
    told lsblk lsblk -J -o NAME,KNAME,MAJ:MIN,TYPE,WWN,SERIAL,MOUNTPOINT
    told sysfs "$python" -I -S -c "$blocks" "$sysfs" list
}

devices() {
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9:=~-]* | *[=~]*[=~]* | -*) refuse 'that is not a block device' ;;
        [a-z]*[=~][0-9]*:[0-9]*) ;;
        *) refuse 'that is not a block device' ;;
        esac
    done
    interpreter
    section 1/stat
    cat /proc/1/stat 2>/dev/null
    sight
    told use "$python" -I -S -c "$blocks" "$sysfs" use "$@"
    end rc=0
}

logical() {
    interpreter
    storage
    told pvs pvs --reportformat json -o \
        pv_name,pv_uuid,pv_major,pv_minor,pv_missing,pv_duplicate,vg_name,vg_uuid
    told lvs lvs --reportformat json -a -o \
        vg_name,vg_uuid,lv_name,lv_uuid,lv_active,lv_device_open
    end rc=0
}

reservations() {
    for word in "$@"; do
        case $word in
        '' | [!a-z]* | *[!A-Za-z0-9-]*) refuse 'that is not a block device' ;;
        esac
    done
    interpreter
    for word in "$@"; do
        told "keys/$word" sg_persist -n --in --read-keys "/dev/$word"
        told "reservation/$word" sg_persist -n --in --read-reservation "/dev/$word"
    done
    storage
    end rc=0
}

opensvc() {
    case $2 in
    '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._/-]*) refuse 'that is not the name of a service' ;;
    esac
    case $1 in
    2.1-instance) answer om "$2" print status --format json --refresh ;;
    2.1-cluster) answer om daemon status --format json ;;
    3) answer om "$2" instance status --node '*' --refresh --output json ;;
    esac
    refuse 'that version of OpenSVC is not known here'
}

pacemaker() {
    case $1 in
    state) answer crm_mon --output-as=xml -1 ;;
    history) answer cibadmin --query --scope status ;;
    esac
    refuse 'that is no question about Pacemaker'
}

grouped() {
    case $1 in
    '' | [!A-Za-z]* | *[!A-Za-z0-9_.-]*) refuse 'that is not the name of a group' ;;
    esac
}

powerha() {
    case $1-$# in
    user-1) answer id -u ;;
    manager-1) answer lssrc -ls clstrmgrES ;;
    group-2)
        grouped "$2"
        answer clRGinfo -s "$2"
        ;;
    esac
    refuse 'that is no question about PowerHA'
}

vcs() {
    case $1-$# in
    systems-1) answer hasys -state ;;
    attributes-2)
        grouped "$2"
        answer hagrp -display "$2" -attribute SystemList Probed AutoDisabled
        ;;
    state-2)
        grouped "$2"
        answer hagrp -state "$2"
        ;;
    esac
    refuse 'that is no question about VCS'
}

aix() {
    case $1 in
    user) answer id -u ;;
    ids) answer odmget -q attribute=unique_id CuAt ;;
    states) answer lsdev -C -c disk -F name:status ;;
    mounts) answer mount ;;
    disks) answer lspv ;;
    active) answer lsvg -o ;;
    esac
    refuse 'that is no question about volume groups'
}

[ "$surplus" -eq 0 ] || refuse 'the forced command has arguments that are not understood'
[ "${#asked}" -le 16384 ] || refuse 'the question is too long'
case $asked in
'') refuse 'this key is for flashd; nothing was asked' ;;
*[!A-Za-z0-9_.,:/@=+%\ -]*) refuse 'this key is for flashd; the question is not one of its own' ;;
esac
set -- $asked
if [ $# -lt 5 ] || [ "$1" != flashd-probe ]; then
    refuse 'this key is for flashd; the question is not one of its own'
fi
[ "$2" = 1 ] || refuse "this is flashd-probe 1, asked was $2; install the one of flashd's version"
case $3 in *[!0-9a-f]*) refuse 'the nonce is none' ;; esac
[ "${#3}" -eq 32 ] || refuse 'the nonce is none'
nonce=$3
case $4 in [1-9] | [1-9][0-9]) limit=$4 ;; *) refuse 'the time limit is none' ;; esac
verb=$5
shift 5

# An argument comes after a +, and every other byte than those above as % and three octal digits.
left=$#
while [ "$left" -gt 0 ]; do
    case $1 in +*) ;; *) refuse 'an argument is not written as flashd does' ;; esac
    escaped=$(printf '%s\n' "${1#+}" | sed 's/%000/%/g; s/%\([0-3][0-7][0-7]\)/\\0\1/g')
    case $escaped in *%*) refuse 'an argument is not written as flashd does' ;; esac
    word=$(printf '%bx' "$escaped")
    set -- "$@" "${word%x}"
    shift
    left=$((left - 1))
done

begin
case $verb-$# in
identity-0) end rc=0 ;;
systemd-2)
    case $1 in *[!A-Za-z,]*) refuse 'those are not properties of a unit' ;; esac
    answer systemctl --no-pager show -p "$1" -- "$2"
    ;;
processes-1) processes "$1" ;;
storage-0)
    interpreter
    storage
    end rc=0
    ;;
lvm-0) logical ;;
devices-[1-9]*) devices "$@" ;;
reservations-[1-9]*) reservations "$@" ;;
opensvc-2) opensvc "$1" "$2" ;;
pacemaker-1) pacemaker "$1" ;;
powerha-[12]) powerha "$@" ;;
vcs-[12]) vcs "$@" ;;
aix-1) aix "$1" ;;
command-0) refuse 'no program was named' ;;
command-*)
    allowed "$1"
    answer "$@"
    ;;
esac
refuse "flashd-probe 1 knows no question '$verb' with $# arguments"
