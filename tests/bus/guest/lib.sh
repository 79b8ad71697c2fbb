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

# transfers DISK: reads and writes that it has done.
transfers() {
	awk '{ print $1 + $5 }' "/sys/block/$1/stat"
}

# packets NIC: what it has sent.
packets() {
	cat "/sys/class/net/$1/statistics/tx_packets"
}

# more_than NUMBER COMMAND...: whether the command prints a greater one.
more_than() {
	more_least=$1
	shift
	[ "$("$@")" -gt "$more_least" ]
}

# working DISK NIC: both go on.
working() {
	working_disk=$(transfers "$1")
	working_net=$(packets "$2")
	until_true 30 more_than $((working_disk + 20)) transfers "$1" || {
		echo "the disk stands still"
		return 1
	}
	until_true 30 more_than $((working_net + 20)) packets "$2" || {
		echo "the network stands still"
		return 1
	}
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

free_kib() {
	sed -n 's/^MemFree: *\([0-9]*\).*/\1/p' /proc/meminfo
}

# memory: the objects in use of each slab cache, the areas of vmalloc, and the kernel's memory but for
# those caches as a line "KiB", after what can be given back has been. How full the pages of a cache
# are depends on the order in which things went; its objects tell. Each cache is read right after it was shrunk:
# what a processor keeps for itself counts as in use. Areas of vmalloc are freed lazily, and the
# cache of their descriptions with them.
memory() {
	memory_kib=$(kernel_kib)
	memory_kib=$((memory_kib + $(sed -n 's/^SReclaimable: *\([0-9]*\).*/\1/p' /proc/meminfo) -
		$(awk 'NR > 2 { n += 4 * $6 * $15 } END { print n }' /proc/slabinfo)))
	awk 'NR > 2 && $1 != "vmap_area" { print $1 }' /proc/slabinfo >/tmp/caches
	while read -r memory_cache; do
		echo 1 >"/sys/kernel/slab/$memory_cache/shrink" &&
			read -r memory_objects _ <"/sys/kernel/slab/$memory_cache/objects" &&
			echo "$memory_cache $memory_objects"
	done </tmp/caches
	echo "vmalloc-areas $(grep -cv unpurged /proc/vmallocinfo)"
	echo "KiB $memory_kib"
}

# grown BEFORE BETWEEN AFTER OBJECTS KIB: what has grown, from one memory() to the next, both times
# by that much or more; what changes of itself does not do so twice.
grown() {
	awk -v objects="$4" -v kib="$5" 'FNR == 1 { at++ }
		{ n[at, $1] = $2; seen[$1] }
		END { for (what in seen) {
			first = n[2, what] - n[1, what]
			second = n[3, what] - n[2, what]
			least = what == "KiB" ? kib : objects
			if (first >= least && second >= least)
				print what " +" first " +" second
		} }' "$1" "$2" "$3"
}

# Least growth that is judged. Of itself a guest's memory moves by some hundred KiB, and a cache by as
# many objects as a processor keeps in one slab (kmalloc-32 has 128 in one) or as many names as were
# looked up. So a leak of an object a cycle is seen from 256 cycles on.
LEAST_KIB=512
LEAST_OBJECTS=128

at_least() {
	[ "$1" -gt "$2" ] && echo "$1" || echo "$2"
}

# nothing_grew NAME CYCLES: judges /tmp/memory-0, -1 and -2, with so many cycles in between each time.
# Fails for what grew both times by half an object or half a KiB a cycle, or by the least above where
# that is more; the verdict's line says how much, and less is not seen.
nothing_grew() {
	grew_objects=$(at_least $(($2 / 2)) "$LEAST_OBJECTS")
	grew_kib=$(at_least $(($2 / 2)) "$LEAST_KIB")
	check "$1: caches are told" test "$(wc -l </tmp/memory-0)" -gt 50
	same "$1: no cache grew by $grew_objects objects or memory by $grew_kib KiB, twice $2 times" "" \
		"$(grown /tmp/memory-0 /tmp/memory-1 /tmp/memory-2 "$grew_objects" "$grew_kib" |
			tr '\n' ' ')"
	figure "memory after twice $2 times: $1" "$(sed -n 's/^KiB //p' /tmp/memory-[012] |
		awk '{ n[NR] = $1 } END { print n[2] - n[1] ", " n[3] - n[2] }')" KiB
}

# measured NAME CYCLES COMMAND: does "COMMAND CYCLES" twice, after a tenth of it, which fills caches
# that stay; nothing may grow.
measured() {
	[ "$2" -gt 0 ] || return 0
	check "$1: the first tenth" "$3" $((($2 + 9) / 10))
	memory >/tmp/memory-0
	for measured_pass in 1 2; do
		began=$(now)
		check "$1: $2 times, pass $measured_pass" "$3" "$2"
		figure "$1, pass $measured_pass" $((($(now) - began) * 10 / $2)) "ms a cycle ($2)"
		memory >"/tmp/memory-$measured_pass"
	done
	nothing_grew "$1" "$2"
}

# In the debug kernel: what kmemleak finds.
kmemleak_clean() {
	kmemleak=/sys/kernel/debug/kmemleak
	mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
	if [ ! -w "$kmemleak" ]; then
		! grep -q kmemleak=on /proc/cmdline || fail "kmemleak is not there"
		return 0
	fi
	for leak_pass in 1 2 3; do
		sleep 6
		echo scan >"$kmemleak" || fail "kmemleak does not scan"
	done
	cp "$kmemleak" /out/kmemleak.txt
	same "kmemleak finds nothing (pass $leak_pass)" 0 "$(grep -c '^unreferenced' /out/kmemleak.txt)"
}
