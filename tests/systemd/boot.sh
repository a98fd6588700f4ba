#!/bin/bash
# Boots a systemd over a throw-away copy of this host's root. `machine.py` runs it as the first
# process of new namespaces; it must never run anywhere else, and looks before each step that
# could be felt outside.
#   boot.sh WORK HOST_MOUNTS APP   WORK: an empty directory; HOST_MOUNTS: the mount namespace of
#                                  the host; APP: what is to stand at /opt/flashd, or nothing
set -euo pipefail
work=$1 host_mounts=$2 app=$3
root=$work/root

refuse() { echo "not booted: $1" >&2; exit 70; }

[ $$ = 1 ] || refuse "this is not the first process of a namespace of its own"
[ "$(readlink /proc/self/ns/mnt)" != "$host_mounts" ] || refuse "these are the mounts of the host"

# Everything written goes to memory, and with the last process of the namespace it is gone.
mkdir "$root" "$work/memory"
mount -t tmpfs -o mode=755,size=3g memory "$work/memory"
mkdir "$work/memory/upper" "$work/memory/work"
mount -t overlay overlay \
  -o "lowerdir=/,upperdir=$work/memory/upper,workdir=$work/memory/work" "$root"
[ "$(stat -f -c %T "$root")" = overlayfs ] || refuse "the root to be is no overlay"
touch "$root/.only-in-the-machine"
[ ! -e /.only-in-the-machine ] || refuse "what is written into the overlay reaches the host"

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys" # systemd-sysctl would set the host's
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind /dev/null "$root/proc/sysrq-trigger"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid,strictatime dev "$root/dev"
for node in null zero full random urandom tty; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
for place in run tmp var/tmp; do
  mount -t tmpfs -o mode=1777,nosuid,nodev "$place" "$root/$place"
done
chmod 755 "$root/run"
mkdir "$root/run/written"
mount --bind "$work/memory/upper" "$root/run/written"
mount -o remount,bind,ro "$root/run/written"
if [ -n "$app" ]; then
  mkdir -p "$root/opt/flashd"
  mount --bind "$app" "$root/opt/flashd"
  mount -o remount,bind,ro "$root/opt/flashd"
fi

: >"$root/etc/machine-id"
: >"$root/etc/fstab"
echo machine >"$root/etc/hostname"
rm -f "$root/usr/sbin/policy-rc.d" # of a container: it forbids packages to start their units
rm -rf "$root/var/log/journal" "$root/var/lib/flashd" "$root/etc/flashd"
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\nForwardToSyslog=no\nRateLimitIntervalSec=0\n' \
  >"$root/etc/systemd/journald.conf.d/machine.conf"
for unit in systemd-sysctl systemd-modules-load systemd-timesyncd systemd-udevd \
  systemd-remount-fs systemd-random-seed systemd-networkd systemd-resolved \
  systemd-binfmt proc-sys-fs-binfmt_misc.automount; do
  case $unit in *.*) ;; *) unit=$unit.service ;; esac
  ln -sfn /dev/null "$root/etc/systemd/system/$unit"
done

cd "$root"
mkdir -p mnt
pivot_root . mnt
exec chroot . /bin/sh -euc '
  umount -l /mnt
  mount --make-rshared / # without it systemd hands over no credentials, silently
  for place in /:overlayfs /tmp:tmpfs /var/tmp:tmpfs /run:tmpfs; do
    kind=$(stat -f -c %T "${place%:*}")
    [ "$kind" = "${place#*:}" ] || { echo "not booted: ${place%:*} is $kind" >&2; exit 70; }
  done
  [ -e /.only-in-the-machine ] && [ -z "$(ls -A /tmp)" ] || exit 70
  exec env -i container=machine PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set -sys_time,-sys_module,-sys_boot,-syslog,-wake_alarm,-sys_rawio \
    /lib/systemd/systemd --unit=basic.target --show-status=0 --log-target=journal
'
