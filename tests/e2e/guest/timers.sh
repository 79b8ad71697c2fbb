#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Synthetic timers that expire as messages (a host without direct mode): the bus's interrupt serves
# them, and the slot that they come in is the one of the channel messages. Every processor ticks by
# them, time is right, and devices come and go meanwhile. BUS_STAYS=yes: the bus cannot be unloaded,
# since the first processor has no other clock.
. /lab/e2e/lib.sh
cpus=$(grep -c '^processor' /proc/cpuinfo)
seconds=3

# interrupts LABEL CPU: of a line of /proc/interrupts.
interrupts() {
	awk -v label="$1:" -v column=$(($2 + 2)) '$1 == label { n = $column } END { print n + 0 }' \
		/proc/interrupts
}
clock() {
	cat "/sys/devices/system/clockevents/clockevent$1/current_device"
}
busy() {
	busybox timeout "$1" taskset -c "$2" sh -c "while :; do :; done" 2>/dev/null
}
all_tick() {
	cpu=0
	while [ "$cpu" -lt "$cpus" ]; do
		same "processor $cpu: its clock event device" "Hyper-V clockevent" "$(clock $cpu)"
		bus=$(interrupts HYP $cpu)
		apic=$(interrupts LOC $cpu)
		busy $seconds $cpu
		bus=$(($(interrupts HYP $cpu) - bus))
		apic=$(($(interrupts LOC $cpu) - apic))
		# Of 250 a second; an emulated processor misses some.
		check "processor $cpu: $bus interrupts of the bus in $seconds s, $apic of the APIC" \
			test "$bus" -ge $((seconds * 50)) -a "$apic" -le 10
		same "processor $cpu: no interrupt of a timer in direct mode" 0 "$(interrupts HVS $cpu)"
		cpu=$((cpu + 1))
	done
}
idle_keyboards() {
	grep -l f912ad6d-2b17-48ea-bd65-f927a61c7684 /sys/bus/vmbus/devices/*/class_id | wc -l
}
there_are() {
	[ "$(idle_keyboards)" -eq "$1" ]
}
of_slots() {
	host '{"cmd": "stats"}' | number "$1"
}

all_tick
began=$(cut -d. -f1 /proc/uptime)
wall=$(date +%s)
sleep 5
slept=$(($(cut -d. -f1 /proc/uptime) - began))
wall=$(($(date +%s) - wall))
check "five seconds of sleep are $slept, $wall of the clock on the wall" \
	test "$slept" -ge 4 -a "$slept" -le 15 -a "$wall" -ge 4 -a "$wall" -le 15

# Channel messages between ticks: the connect processor is busy, so it ticks all the time.
before=$(idle_keyboards)
busybox timeout 250 taskset -c 0 sh -c "while :; do :; done" &
busy_pid=$!
round=0
while [ "$round" -lt 3 ]; do
	check "host adds 40 devices, round $round" \
		host '{"cmd": "device-add", "kind": "keyboards", "spec": "40"}'
	check "all come" until_true 40 there_are $((before + 40))
	check "host takes them" host '{"cmd": "device-remove", "device": "idle*"}'
	check "all go" until_true 40 there_are "$before"
	round=$((round + 1))
done
kill $busy_pid 2>/dev/null
wait $busy_pid 2>/dev/null
note "messages $(of_slots messages_out), slot busy $(of_slots busy_slots) times," \
	"retried by time $(of_slots timed_retries)"
same "no message is lost" 0 "$(of_slots lost_messages)"
if [ "${BUS_STAYS:-no}" = yes ]; then
	for module in hid_hyperv hyperv_keyboard hv_netvsc hv_storvsc hv_utils; do
		! grep -q "^$module " /proc/modules || check "$module is unloaded" rmmod "$module"
	done
	same "nobody uses the bus" "" "$(awk '$1 == "hv_vmbus" && $4 != "-" { print $4 }' /proc/modules)"
	check "the bus is not unloaded" sh -c "! rmmod hv_vmbus"
	same "the kernel says why" 1 "$(dmesg | grep -c "clock needs the bus")"
	check "a second passes on the first processor" taskset 1 sleep 1
fi
finish
