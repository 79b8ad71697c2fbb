#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a booted Debian must show, with our drivers or with the kernel's own: which modules are
# installed and which are loaded, the root on storvsc, a lease through netvsc, input devices.
# usage: guest.sh ours|intree VERSION KERNEL-RELEASE ROOT-UUID
# shellcheck shell=sh
set -u
origin=$1
version=$2
release=$3
uuid=$4
modules='hv_vmbus hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard'
. /lab/e2e/lib.sh

# The driver of the nearest device above a path in /sys that has one on the VMBus.
vmbus_driver() {
	path=$(readlink -f "$1") || return 1
	while [ "$path" != / ]; do
		if [ "$(readlink -f "$path/subsystem")" = /sys/bus/vmbus ]; then
			basename "$(readlink -f "$path/driver")"
			return 0
		fi
		path=$(dirname "$path")
	done
	return 1
}

# The build-id of a module's file.
build_id() {
	case $1 in
	*.xz) xz -dc "$1" >/tmp/module.ko ;;
	*) cp "$1" /tmp/module.ko ;;
	esac
	objcopy -O binary --only-section=.note.gnu.build-id /tmp/module.ko /tmp/module.id
	od -An -tx1 /tmp/module.id
}

module_checks() {
	file=$(modinfo -n "$1")
	loaded=$(cat "/sys/module/$1/version" 2>/dev/null || echo none)
	taint=$(cat "/sys/module/$1/taint" 2>/dev/null)
	if [ "$origin" = ours ]; then
		case $file in
		/lib/modules/"$release"/updates/*) pass "$1: modinfo finds ours" ;;
		*) fail "$1: modinfo finds $file" ;;
		esac
		same "$1: our version is loaded" "$version" "$loaded"
		case $taint in
		*O*) pass "$1: loaded as an out-of-tree module" ;;
		*) fail "$1: is not tainted as an out-of-tree module" ;;
		esac
	else
		case $file in
		/lib/modules/"$release"/kernel/*) pass "$1: modinfo finds the kernel's own" ;;
		*) fail "$1: modinfo finds $file" ;;
		esac
		if [ -d "/sys/module/$1" ] && [ "$loaded" != "$version" ] && [ -z "$taint" ]; then
			pass "$1: the kernel's own is loaded"
		else
			fail "$1: version $loaded, taint '$taint'"
		fi
	fi
	same "$1: what is loaded is that file" "$(build_id "$file")" \
		"$(od -An -tx1 "/sys/module/$1/notes/.note.gnu.build-id")"
}

# shellcheck disable=SC2317
network_has_lease() {
	ip -4 -o addr show dev eth0 | grep -q 'inet 10\.0\.2\..*dynamic'
}

same "the kernel is the one asked for" "$release" "$(uname -r)"
for module in $modules; do
	# Newer kernels have the bus built in; then it is theirs, whoever the drivers are of.
	if [ "$module" = hv_vmbus ] && grep -q '/hv_vmbus\.ko$' "/lib/modules/$release/modules.builtin"; then
		continue
	fi
	# udev loads input drivers beside the boot.
	until_true 30 test -d "/sys/module/$module"
	module_checks "$module"
done

source=$(findmnt -no SOURCE /)
same "the root file system is that of the disk" "$uuid" "$(findmnt -no UUID /)"
same "the root file system is written to" rw "$(findmnt -no OPTIONS / | cut -d, -f1)"
same "the root's disk is behind storvsc" hv_storvsc \
	"$(vmbus_driver "/sys/class/block/${source#/dev/}")"
if dd if=/dev/urandom of=/root/written bs=64k count=32 conv=fsync 2>/dev/null &&
	first=$(sha256sum </root/written) && echo 3 >/proc/sys/vm/drop_caches; then
	same "2 MiB come back from the disk as written" "$first" "$(sha256sum </root/written)"
else
	fail "2 MiB come back from the disk as written"
fi

same "eth0 is behind netvsc" hv_netvsc "$(vmbus_driver /sys/class/net/eth0)"
if until_true 240 network_has_lease; then
	pass "eth0 has a lease"
else
	fail "eth0 has no lease: $(ip -4 -o addr show dev eth0)"
	nic_state eth0 2>&1 | sed 's/^/    | /'
fi
if ping -c 2 -W 5 10.0.2.2 >/tmp/ping.log 2>&1; then
	pass "the gateway answers"
else
	fail "the gateway does not answer: $(tail -n 2 /tmp/ping.log)"
fi
for name in mouse keyboard; do
	if grep -qi "name=.*$name" /proc/bus/input/devices; then
		pass "there is a $name"
	else
		fail "there is no $name"
	fi
done

until_true 60 sh -c '! systemctl is-system-running | grep -q starting'
same "no unit failed" '' "$(systemctl --failed --plain --no-legend | cut -d' ' -f1)"
finish
