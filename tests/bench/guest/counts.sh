#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Instructions: jobs that are under way while hvic-count counts, ours first, then in-tree, on a
# disk, the host's generator and two NICs on one virtual switch. What was done in a window is told
# by the kernel's own counters, which hvic-count notes in it.
. /lab/bench/lib.sh
. /lab/bench/jobs.sh
out=/out/counts
mkdir -p "$out"

all_there() {
	disk_of hv_storvsc && all_nics
}

take() {
	load "$1"
	until_true 60 all_there || die "$1: not all devices are there in 60 s"
	disk=$(disk_of hv_storvsc)
	take_nics
}

# What tells how much was done: a file, by the plan's name of the counter. take_nics() has found
# the NICs.
# shellcheck disable=SC2154
counter() {
	case $1 in
	disk) echo "/sys/class/block/$disk/stat" ;;
	near:*) echo "/sys/class/net/$near/statistics/${1#*:}" ;;
	gen:*) echo "/sys/class/net/$gen/statistics/${1#*:}" ;;
	*) die "no counter $1" ;;
	esac
}

begun() {
	[ "$(cat "$counted")" != "$at_first" ]
}

# windows SET PATH PID: BENCH_WINDOWS windows while the job PID is under way. The first job of each
# set is under way for longer before: the machine translates code that it has not seen yet.
windows() {
	until_true 30 begun || die "$1 $2 does nothing in 30 s"
	sleep $((BENCH_SETTLE + warm))
	warm=0
	window=0
	while [ "$window" -lt "$BENCH_WINDOWS" ]; do
		window=$((window + 1))
		hvic-count during "$1 $2" "$BENCH_WINDOW" "$counted" || die "$1 $2 is not counted"
	done
	kill -0 "$3" 2>/dev/null || die "$1 $2 ended while it was counted"
}

# storage SET CELL
storage() {
	counted=$(counter disk)
	at_first=$(cat "$counted")
	DISK="/dev/$disk" RUNTIME=300s fio "$BENCH/cells.fio" --section="$2" --eta=never --disk_util=0 \
		--output="$out/$1-$2.log" 2>&1 &
	storage_fio=$!
	windows "$1" "$2" "$storage_fio"
	kill -INT "$storage_fio"
	wait "$storage_fio"
}

# network SET JOB COUNTER
network() {
	counted=$(counter "$3")
	at_first=$(cat "$counted")
	job "$2" "$out/$1-$2.json" "$BENCH_JOB" &
	network_job=$!
	windows "$1" "$2" "$network_job"
	wait "$network_job" || die "$1 $2 failed while it was counted"
}

own_modules
other_namespace
hvic-count ticks || die "timer ticks are not counted"
for set in ours intree; do
	take "$set"
	# What a disk has never been written to reads faster.
	[ "$set" = intree ] || dd if=/dev/zero of="/dev/$disk" bs=1M oflag=direct 2>/dev/null
	# The symbols of these modules are read once, by the first window that there is.
	hvic-count run symbols true || die "$set: symbols"
	warm=$BENCH_WARM
	for path in $BENCH_PATHS; do
		note "$set, $path"
		case $path in
		*,disk) storage "$set" "${path%,*}" ;;
		*) network "$set" "${path%,*}" "${path#*,}" ;;
		esac
	done
	unload
done
end_jobs
echo "PASS counts"
