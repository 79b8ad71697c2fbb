#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the debug kernel: allocations fail on purpose. First the Nth one of each module's load and of
# its unload, then one in a hundred of those that may not wait, under traffic. Whatever fails, a
# device that is tried again must work, and nothing may leak. Usage: guest.sh STEP SECONDS.
# Lines for the runner: PASS and FAIL.
. /lab/e2e/lib.sh
step=$1
seconds=$2
debug=/sys/kernel/debug
devices="hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard"

inject() {	# ATTRIBUTE VALUE, of both injectors
	for injector in failslab fail_page_alloc; do
		[ ! -e "$debug/$injector/$1" ] || echo "$2" >"$debug/$injector/$1"
	done
}

# nth N COMMAND...: the Nth allocation of the command fails.
nth() {
	sh -c 'echo "$0" >/proc/self/fail-nth; exec "$@"' "$@"
}

works() {
	disk=$(disk_of_lun 0) || { echo "no disk"; return 1; }
	dd if="/dev/$disk" of=/dev/null bs=64k count=2 iflag=direct || return 1
	nic=$(synthetic_nic) || { echo "no NIC"; return 1; }
	ip link set "$nic" up
	ip addr replace 10.0.2.15/24 dev "$nic"
	ping -c 1 -W 3 10.0.2.2 || { echo "no answer through the NIC"; return 1; }
	grep -qi mouse /proc/bus/input/devices || { echo "no mouse"; return 1; }
	grep -qi keyboard /proc/bus/input/devices || { echo "no keyboard"; return 1; }
}

all_loaded() {
	for module in hv_vmbus $devices; do
		[ -d "/sys/module/$module" ] || modprobe "$module" || return 1
	done
}

# A module fails again and again, each time later, until nothing of it fails any more.
load_of() {
	module=$1
	n=1
	refused=0
	survived=0
	while [ "$n" -le 600 ]; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module" || {
			fail "$module does not unload after failure $n"
			return 1
		}
		if nth "$n" modprobe "$module" >/tmp/load.log 2>&1; then
			survived=$((survived + 1))
		else
			refused=$((refused + 1))
		fi
		n=$((n + step))
	done
	echo 0 >/proc/self/fail-nth
	rmmod "$module" 2>/dev/null
	check "$module loads after $refused refused and $survived limping loads" modprobe "$module"
}

unload_of() {
	for n in 1 2 3 5 8 13 21 34; do
		nth "$n" rmmod "$1" >/tmp/unload.log 2>&1
		[ -d "/sys/module/$1" ] || modprobe "$1" || {
			fail "$1 does not load after unload with failure $n"
			return 1
		}
	done
	pass "$1 unloads with failures"
}

traffic() {
	while [ -e /run/traffic ]; do
		disk=$(disk_of_lun 0) && {
			dd if=/dev/zero of="/dev/$disk" bs=256k count=8 oflag=direct
			dd if="/dev/$disk" of=/dev/null bs=4k count=64 iflag=direct
		}
		nic=$(synthetic_nic) && {
			ping -c 5 -i 0.05 -W 1 -s 1400 10.0.2.2
			ip link set "$nic" mtu 4000
			ip link set "$nic" mtu 1500
		}
		host '{"cmd": "mouse-move", "x": 5000, "y": 9000}'
		host '{"cmd": "key", "keys": ["a"]}'
		host '{"cmd": "lun-add", "controller": "scsi0", "lun": 3, "spec": "mem:4M"}'
		host '{"cmd": "lun-remove", "controller": "scsi0", "lun": 3}'
	done
}

[ -w "$debug/failslab/probability" ] || mount -t debugfs debugfs "$debug"
inject verbose 0
inject ignore-gfp-wait 0
inject probability 0
check "all works before" until_true 30 works

for module in $devices; do
	load_of "$module"
	unload_of "$module"
done
# The bus, with nothing on it.
for module in $devices hv_utils; do
	rmmod "$module" 2>/dev/null
done
load_of hv_vmbus
check "everything loads" all_loaded
check "all works after failed loads" until_true 60 works

for kind in "atomic allocations:1" "all allocations of the traffic:0"; do
	inject ignore-gfp-wait "${kind##*:}"
	inject interval 1
	inject times -1
	inject probability 1
	inject task-filter "$([ "${kind##*:}" = 1 ] && echo N || echo Y)"
	touch /run/traffic
	(
		echo 1 >/proc/self/make-it-fail
		traffic >/dev/null 2>&1
	) &
	sleep "$seconds"
	inject probability 0
	rm -f /run/traffic
	wait $!
	for module in $devices; do
		rmmod "$module" || fail "$module does not unload after ${kind%:*}"
	done
	check "everything loads after ${kind%:*} failed" all_loaded
	check "all works after ${kind%:*} failed" until_true 60 works
done

echo scan >"$debug/kmemleak"
sleep 6
echo scan >"$debug/kmemleak"
cat "$debug/kmemleak" >/out/kmemleak.txt
if grep -qE 'hv_|hid_hyperv|hyperv_keyboard' /out/kmemleak.txt; then
	fail "kmemleak: $(grep -c unreferenced /out/kmemleak.txt) blocks, see kmemleak.txt"
else
	pass "nothing leaked"
fi
gcov-gather /out/gcov.tar 2>/dev/null || :
finish
