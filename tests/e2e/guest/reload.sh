#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each module is unloaded and loaded RELOADS times (default 5); its devices come back each time,
# and the memory in use does not grow with the rounds. RELOAD_BUS=no leaves the bus loaded.
. /lab/e2e/lib.sh
rounds=${RELOADS:-5}

unload() {
	rmmod "$1" 2>/tmp/rmmod
}

# reload NAME DEVICE-CHECK MODULE...: unload in this order, load in the reverse.
reload() {
	reload_name=$1
	reload_back=$2
	shift 2
	reload_reverse=
	for module; do
		reload_reverse="$module $reload_reverse"
	done
	before=0
	round=0
	while [ "$round" -lt "$rounds" ]; do
		for module; do
			# The kernel looks at a disk that has just come for a while, which is a use.
			if grep -q "^$module " /proc/modules && ! until_true 20 unload "$module"; then
				fail "$reload_name: rmmod $module in round $round: $(cat /tmp/rmmod)"
				return
			fi
		done
		for module in $reload_reverse; do
			if ! modprobe "$module"; then
				fail "$reload_name: modprobe $module in round $round"
				return
			fi
		done
		if ! until_true 20 "$reload_back"; then
			fail "$reload_name: its device is not back in round $round"
			return
		fi
		round=$((round + 1))
		# The first round fills caches that stay.
		[ "$round" != 1 ] || before=$(kernel_kib)
	done
	after=$(kernel_kib)
	note "$reload_name: $before KiB after the first round, $after KiB after the last"
	# Of itself a guest's memory moves by some 200 KiB; KASAN keeps what was freed for a while.
	slack=256
	! grep -q ' kasan_' /proc/kallsyms || slack=2048
	if [ $((after - before)) -lt $((slack + 64 * rounds)) ]; then
		pass "$reload_name is reloaded $rounds times"
	else
		fail "$reload_name: memory in use grew from $before to $after KiB in $rounds rounds"
	fi
}

have_disk() {
	have_lun 0
}
input_back() {
	grep -qi mouse /proc/bus/input/devices
}
keyboard_back() {
	grep -qi keyboard /proc/bus/input/devices
}
all_back() {
	have_disk && synthetic_nic && input_back && keyboard_back
}

reload hv_storvsc have_disk hv_storvsc
reload hv_netvsc synthetic_nic hv_netvsc
reload hid-hyperv input_back hid_hyperv
reload hyperv-keyboard keyboard_back hyperv_keyboard
if [ "${RELOAD_BUS:-yes}" = yes ] && grep -q '^hv_vmbus ' /proc/modules; then
	reload "the bus and all its drivers" all_back \
		hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard hv_utils hv_vmbus
fi
finish
