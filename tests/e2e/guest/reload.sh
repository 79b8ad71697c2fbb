#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each module is unloaded and loaded RELOADS times (default 5); its devices come back each time,
# and the memory in use does not grow with the rounds, twice. RELOAD_BUS=no leaves the bus loaded.
. /lab/e2e/lib.sh
rounds=${RELOADS:-5}

unload() {
	rmmod "$1" 2>/tmp/rmmod
}

broken() {
	fail "$reload_name: $*"
	reload_broken=yes
	return 1
}

# again ROUNDS MODULE...: unload in this order, load in the reverse.
again() {
	again_left=$1
	shift
	again_reverse=
	for module; do
		again_reverse="$module $again_reverse"
	done
	while [ "$again_left" -gt 0 ]; do
		for module; do
			# The kernel looks at a disk that has just come for a while, which is a use.
			if grep -q "^$module " /proc/modules && ! until_true 20 unload "$module"; then
				broken "rmmod $module, $again_left rounds left: $(cat /tmp/rmmod)"
				return
			fi
		done
		for module in $again_reverse; do
			if ! modprobe "$module"; then
				broken "modprobe $module, $again_left rounds left"
				return
			fi
		done
		if ! until_true 20 "$reload_back"; then
			broken "its device is not back, $again_left rounds left"
			return
		fi
		again_left=$((again_left - 1))
	done
}

# grows MODULE...: whether memory in use is more after all rounds but one than before them.
grows() {
	before=$(kernel_kib)
	again $((rounds - 1)) "$@" || return
	after=$(kernel_kib)
	note "$reload_name: $before KiB before $((rounds - 1)) rounds, $after KiB after them"
	[ $((after - before)) -ge $((slack + 64 * rounds)) ]
}

# reload NAME DEVICE-CHECK MODULE...
reload() {
	reload_name=$1
	reload_back=$2
	shift 2
	reload_broken=
	# The first round fills caches that stay.
	again 1 "$@" || return
	# Of itself a guest's memory moves by some 200 KiB, now and then by more; KASAN keeps what was
	# freed for a while. What grows twice is a leak.
	slack=256
	! grep -q ' kasan_' /proc/kallsyms || slack=2048
	if grows "$@" && grows "$@"; then
		fail "$reload_name: memory in use grew twice, from $before to $after KiB at last"
	elif [ -z "$reload_broken" ]; then
		pass "$reload_name is reloaded $rounds times"
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
