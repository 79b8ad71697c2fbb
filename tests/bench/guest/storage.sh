#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Storage: the plan's fio jobs on the synthetic disk, in-tree and ours in turn, BENCH_ROUNDS times;
# on null_blk as the floor; then what the host counts during a part of the plan.
. /lab/bench/lib.sh
. /lab/bench/jobs.sh
out=/out/storage
mkdir -p "$out"

take() {
	load "$1"
	until_true 30 disk_of hv_storvsc || die "$1: no disk in 30 s"
	disk=$(disk_of hv_storvsc)
}

# Requests that a disk has completed.
completed() {
	awk '{ print $1 + $5 }' "/sys/class/block/$disk/stat"
}
under_way() {
	[ "$(completed)" -gt "$before_io" ]
}

# counts SET CELL: the host's counters in the middle of the job.
counts() {
	before_io=$(($(completed) + 50))
	DISK="/dev/$disk" RUNTIME=60s fio "$BENCH/cells.fio" --section="$2" \
		--output="$out/counts-$1-$2.log" 2>&1 &
	counts_fio=$!
	until_true 30 under_way || die "$1 $2: no I/O in 30 s"
	count_beside "$counts_fio" "$out/counts-$1-$2" "$1 $2"
	kill -INT "$counts_fio"
	wait "$counts_fio"
}

own_modules
# What a disk has never been written to reads faster: every page is there first.
take ours
dd if=/dev/zero of="/dev/$disk" bs=1M oflag=direct 2>/dev/null
unload

modprobe null_blk nr_devices=1 gb=1 bs=512 queue_mode=2 irqmode=0 || die "null_blk"
round=0
while [ "$round" -lt "$BENCH_ROUNDS" ]; do
	round=$((round + 1))
	for set in $(order "$round"); do
		take "$set"
		note "round $round, $set"
		fio_run "$disk" "$out/$set-$round.json" "$BENCH_LIMIT"
		unload
	done
done
note "null_blk"
fio_run nullb0 "$out/null_blk-1.json" "$BENCH_LIMIT"

for set in ours intree; do
	take "$set"
	note "counts, $set"
	for cell in $BENCH_COUNTED; do
		counts "$set" "$cell"
	done
	unload
done
echo "PASS storage"
