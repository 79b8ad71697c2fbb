# SPDX-License-Identifier: GPL-2.0
# What the scripts of tests/bus share, beside what those of tests/e2e do.
# shellcheck shell=sh
. /lab/e2e/lib.sh

BUS=/sys/bus/vmbus
# shellcheck disable=SC2034
CLASS_SCSI=ba6163d9-04a1-4d29-b605-72e2ffb1dc7f
# shellcheck disable=SC2034
CLASS_NET=f8615163-df3e-46c5-913f-f2d2f965ed0e
# shellcheck disable=SC2034
CLASS_KEYBOARD=f912ad6d-2b17-48ea-bd65-f927a61c7684
# shellcheck disable=SC2034
CLASS_MOUSE=cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a

# figure NAME VALUE UNIT: what was measured, for the table.
figure() {
	echo "FIGURE $1=$2 $3"
}

# Seconds since the guest's start, in hundredths.
now() {
	cut -d' ' -f1 /proc/uptime | tr -d .
}

# device_of CLASS: the first device of that class.
device_of() {
	for device_path in "$BUS"/devices/*; do
		if [ "$(cat "$device_path/class_id")" = "{$1}" ]; then
			echo "$device_path"
			return 0
		fi
	done
	return 1
}

# Devices on the bus, and those that have a driver.
count_devices() {
	set -- "$BUS"/devices/*
	[ -e "$1" ] || set --
	echo $#
}

count_bound() {
	set -- "$BUS"/devices/*/driver
	[ -e "$1" ] || set --
	echo $#
}

devices_are() {
	[ "$(count_devices)" = "$1" ]
}

bound_are() {
	[ "$(count_bound)" = "$1" ]
}

# Nobody loads modules by their aliases any more: what would be done for thousands of events is
# measured nowhere here, and the events that wait for it take memory.
no_hotplug() {
	for hotplug_path in /proc/[0-9]*/cmdline; do
		[ "$(tr '\0' ' ' <"$hotplug_path")" = "/lab/agent hotplug " ] || continue
		hotplug_path=${hotplug_path%/cmdline}
		kill "${hotplug_path##*/}"
	done
	sleep 1
}

# Memory that the kernel does not give back by itself, in KiB.
kernel_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^SUnreclaim:|^VmallocUsed:|^Percpu:|^KernelStack:|^PageTables:/ { n += $2 }
	     END { print n }' /proc/meminfo
}

free_kib() {
	sed -n 's/^MemFree: *\([0-9]*\).*/\1/p' /proc/meminfo
}

# slabs: the objects in use of each slab cache, after what can be given back has been.
slabs() {
	kernel_kib >/dev/null
	awk 'NR > 2 { print $1, $2 }' /proc/slabinfo
}

# grown BEFORE AFTER LEAST: caches that have so many objects more, as slabs() told them.
grown() {
	awk -v least="$3" 'NR == FNR { had[$1] = $2; next }
		$2 - had[$1] >= least { print $1 " +" $2 - had[$1] }' "$1" "$2"
}

# leak_free WHAT BEFORE AFTER KIB-BEFORE KIB-AFTER ROUNDS: neither an object nor a quarter of a page
# a round has stayed. What a processor's caches keep does not grow with the rounds.
leak_free() {
	leak_caches=$(grown "$2" "$3" $(($6 / 2 + 300)))
	leak_kib=$(($5 - $4))
	if [ -z "$leak_caches" ] && [ "$leak_kib" -lt $(($6 + 2048)) ]; then
		pass "$1: no leak in $6 rounds ($leak_kib KiB more)"
	else
		fail "$1: $leak_kib KiB more after $6 rounds; $(echo "$leak_caches" | tr '\n' ' ')"
	fi
	figure "memory after $6 rounds of $1" "$leak_kib" KiB
}

# In the debug kernel: what kmemleak finds.
kmemleak_clean() {
	kmemleak=/sys/kernel/debug/kmemleak
	mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
	[ -w "$kmemleak" ] || return 0
	for leak_pass in 1 2 3; do
		sleep 6
		echo scan >"$kmemleak"
	done
	cp "$kmemleak" /out/kmemleak.txt
	same "kmemleak finds nothing (pass $leak_pass)" 0 "$(grep -c '^unreferenced' /out/kmemleak.txt)"
}
