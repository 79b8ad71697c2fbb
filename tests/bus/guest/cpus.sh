#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Processors go and come ROUNDS times (default 2) while disk and network work: their channels move
# away, no transfer stops or fails. Then all channels are moved to processor 0 and from there each of
# disk and network alone to others by its file "cpu": that processor is interrupted from then on.
. /lab/bus/lib.sh
rounds=${ROUNDS:-2}
cpu_path=/sys/devices/system/cpu

cpus() {
	sed 's/,/\n/g' "$cpu_path/$1" | awk -F- '{ for (i = $1; i <= ($2 == "" ? $1 : $2); i++) print i }'
}

# Channels that interrupt a processor.
channels_on() {
	grep -lx "$1" "$BUS"/devices/*/channels/*/cpu
}

# Callbacks of the hypervisor that a processor got.
callbacks() {
	awk -v cpu="$1" '/^ *CPU0/ { for (i = 1; i <= NF; i++) if ($i == "CPU" cpu) column = i + 1 }
		/^ *HYP:/ { print $column }' /proc/interrupts
}

# A storage channel is used by the processors that are near to it: read on each of them.
read_everywhere() {
	for read_cpu in $(cpus online); do
		taskset "$(printf %x $((1 << read_cpu)))" \
			dd if="/dev/$disk" of=/dev/null bs=4k count=32 iflag=direct 2>/dev/null
	done
}

# Whether a channel interrupts by itself.
busy() {
	busy_before=$(cat "$1/interrupts")
	sleep 3
	[ "$(cat "$1/interrupts")" -gt "$busy_before" ]
}

# move CHANNEL PROCESSOR
move() {
	# shellcheck disable=SC3037
	echo -n "$2" >"$1/cpu" && [ "$(cat "$1/cpu")" = "$2" ]
}

# All channels that are open to processor 0. What is not open has no ring to tell of, and does not
# interrupt.
all_to_0() {
	for zero_path in "$BUS"/devices/*/channels/*; do
		cat "$zero_path/out_mask" >/dev/null 2>&1 || continue
		move "$zero_path" 0 || {
			echo "$zero_path stays on $(cat "$zero_path/cpu")"
			return 1
		}
	done
}

# Callbacks of all processors but the first within three seconds, as "PROCESSOR +CALLBACKS".
callbacks_elsewhere() {
	for else_cpu in $(cpus online); do
		callbacks "$else_cpu"
	done >/tmp/callbacks
	sleep 3
	for else_cpu in $(cpus online); do
		echo "$else_cpu $(callbacks "$else_cpu") $(sed -n "$((else_cpu + 1))p" /tmp/callbacks)"
	done | awk '$1 > 0 && $2 > $3 { printf "%d +%d ", $1, $2 - $3 }'
}

# moved_to CHANNEL PROCESSOR: from 0, where all are, it is moved there alone, and what interrupts
# that processor from then on is this channel; then it goes back.
moved_to() {
	callbacks_before=$(callbacks "$2")
	interrupts_before=$(cat "$1/interrupts")
	move "$1" "$2" || return 1
	moved_end=$(($(date +%s) + 20))
	until [ "$(callbacks "$2")" -gt "$callbacks_before" ] &&
		[ "$(cat "$1/interrupts")" -gt "$interrupts_before" ]; do
		[ "$(date +%s)" -lt "$moved_end" ] || {
			echo "no interrupt on $2: callbacks $callbacks_before, then $(callbacks "$2");" \
				"of the channel $interrupts_before, then $(cat "$1/interrupts")"
			move "$1" 0
			return 1
		}
		read_everywhere
	done
	move "$1" 0
}

# One that is refused because an interrupt is being served is asked again; how often is told.
refused=0
offline() {
	offline_tries=0
	until echo 0 >"$cpu_path/cpu$1/online"; do
		refused=$((refused + 1))
		offline_tries=$((offline_tries + 1))
		[ "$offline_tries" -lt 20 ] || return 1
		sleep 0.5
	done 2>/tmp/offline
	[ "$(cat "$cpu_path/cpu$1/online")" = 0 ]
}

until_true 30 have_lun 0
disk=$(disk_of_lun 0)
nic=$(synthetic_nic)
check "the NIC has an address" lease "$nic"
fio --name=traffic --filename="/dev/$disk" --rw=randrw --bs=4k --iodepth=8 --ioengine=libaio \
	--direct=1 --numjobs=2 --size=24M --offset_increment=24M --time_based --runtime=100000 \
	--verify=crc32c --verify_fatal=1 --do_verify=1 --verify_backlog=64 --output=/out/fio.txt &
fio_pid=$!
while :; do
	iperf3 -c 10.0.2.2 -t 5 -b 20M >>/out/iperf.txt 2>&1 || { sleep 1; echo FAILED >>/out/iperf.txt; }
done &
iperf_pid=$!
check "disk and network work" working "$disk" "$nic"
last=$(cpus present | tail -n 1)
note "$((last + 1)) processors, $(cat "$BUS"/devices/*/channels/*/cpu | wc -l) channels"
began=$(now)
round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	# Down to one, from the end; and up again.
	for cpu in $(cpus online | sort -rn); do
		[ "$cpu" != 0 ] || continue
		check "round $round: processor $cpu goes" offline "$cpu"
		same "round $round: no channel is left on $cpu" "" "$(channels_on "$cpu")"
	done
	same "round $round: one processor is left" 0 "$(cat "$cpu_path/online")"
	check "round $round: disk and network work on it" working "$disk" "$nic"
	for cpu in $(cpus offline); do
		[ "$cpu" -le "$last" ] || continue
		check "round $round: processor $cpu comes" sh -c "echo 1 >$cpu_path/cpu$cpu/online"
	done
	check "round $round: disk and network work" working "$disk" "$nic"
done
figure "$rounds rounds of $last processors going and coming" $((($(now) - began) / 100)) s
figure "processors' going refused" "$refused" times

# By hand: each channel of disk and network to a few of the processors.
check "all channels move to processor 0" all_to_0
sleep 1
same "no other processor is interrupted then" "" "$(callbacks_elsewhere)"
for class in "$CLASS_SCSI" "$CLASS_NET"; do
	device=$(device_of "$class")
	tested=0
	for channel in "$device"/channels/*; do
		# Which of a NIC's channels have something to do is decided by a hash of the flows.
		[ "$class" = "$CLASS_SCSI" ] || busy "$channel" || continue
		tested=$((tested + 1))
		for cpu in $(cpus online | awk -v n="${channel##*/}" '$1 && ($1 == 1 || $1 % 4 == n % 4)' |
			head -n 4); do
			check "channel ${channel##*/} of ${class%%-*} interrupts processor $cpu" \
				moved_to "$channel" "$cpu"
		done
	done
	check "channels of ${class%%-*} were moved: $tested" test "$tested" -gt 0
done
check "disk and network work" working "$disk" "$nic"
kill "$iperf_pid"
kill -INT "$fio_pid"
wait "$fio_pid"
# What fio ends with when it is told to, and no error was added to it.
same "fio ends as it was told to" 128 "$?"
same "both jobs of fio report no error" 2 "$(grep -c 'err= 0' /out/fio.txt)"
same "fio found no error" "" "$(grep -iE 'verify:|error|err=' /out/fio.txt | grep -v 'err= 0')"
check "iperf3 transferred" grep -q ' receiver' /out/iperf.txt
same "iperf3 did not fail" 0 "$(grep -c FAILED /out/iperf.txt)"
finish
