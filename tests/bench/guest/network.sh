#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Network: UDP against the host's traffic generator, XDP_DROP, and TCP between two NICs on one
# virtual switch, the second of them in a network namespace of its own; in-tree and ours in turn,
# BENCH_ROUNDS times. TCP over veth as the floor. Then what the host counts.
. /lab/bench/lib.sh
. /lab/bench/jobs.sh
out=/out/network
mkdir -p "$out"
seconds=$BENCH_SECONDS

take() {
	load "$1"
	until_true 30 all_nics || die "$1: not all NICs are there in 30 s"
	# XDP wants no receive coalescing; a host without it needs no word.
	ethtool -K "$(nic_of "$BENCH_MAC_GEN")" lro off 2>/dev/null
	take_nics
}

# counts SET JOB: the host's counters in the middle of the job.
counts() {
	job "$2" "$out/counts-$1-$2.log" 5 &
	counts_job=$!
	sleep 1.5
	count_beside "$counts_job" "$out/counts-$1-$2" "$1 $2"
	wait "$counts_job" || die "$1 $2 failed while its cost was counted"
}

own_modules
other_namespace
round=0
while [ "$round" -lt "$BENCH_ROUNDS" ]; do
	round=$((round + 1))
	for set in $(order "$round"); do
		take "$set"
		note "round $round, $set"
		for name in $BENCH_JOBS; do
			job "$name" "$out/$name-$set-$round.json" "$seconds"
		done
		unload
	done
done

for set in ours intree; do
	take "$set"
	note "counts, $set"
	for name in $BENCH_COUNTED; do
		counts "$set" "$name"
	done
	unload
done

note "veth"
modprobe veth || die "veth"
# The kernel names the other end.
ip link add near type veth || die "no veth"
pair near veth0
for name in $BENCH_FLOOR; do
	job "$name" "$out/$name-veth-1.json" "$seconds"
done
end_jobs
echo "PASS network"
