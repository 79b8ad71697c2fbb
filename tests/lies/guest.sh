#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest whose modules are not loaded yet: the host tells one lie in one phase of their life;
# how long it holds anything up is measured, then the host is honest and everything must work.
# Usage: guest.sh LIE load|traffic|unload BOUND. Lines for the runner: LIE, AFTER.
. /lab/e2e/lib.sh
lie=$1
phase=$2
bound=$3
devices="hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard"
case ${HVIC_DRIVERS:-} in
*vmbus=ours*) bus=hv_vmbus ;;
*) bus= ;;	# in-tree's guest hangs when its bus goes: it takes the timers with it
esac

now() {
	cut -d. -f1 /proc/uptime
}

# Programs that load or unload, and tasks that sleep where no signal reaches them.
busy() {
	for stat in /proc/[0-9]*/stat; do
		read -r line 2>/dev/null <"$stat" || continue
		name=${line#*(}
		name=${name%)*}
		case "$name ${line##*) }" in
		modprobe\ Z*|rmmod\ Z*|insmod\ Z*|ip\ Z*) ;;
		modprobe\ *|rmmod\ *|insmod\ *|ip\ *|*\ D\ *) echo "${line%% *} $name" ;;
		esac
	done
}

# Until nothing is busy three times in a row, at most $bound seconds: how long it took.
quiet() {
	quiet_began=$(now)
	calm=0
	while [ "$calm" -lt 3 ]; do
		if [ -z "$(busy)" ]; then
			calm=$((calm + 1))
		else
			calm=0
		fi
		if [ $(($(now) - quiet_began)) -ge "$bound" ]; then
			echo "stuck after $bound s: $(busy | cut -d' ' -f2 | sort | uniq -c | tr -s ' \n' ' ')"
			busy | while read -r task name; do
				echo "  | $task $name"
				sed 's/^/  |   /' "/proc/$task/stack"
			done
			return 1
		fi
		sleep 1
	done
	echo "over in $(($(now) - quiet_began - 2)) s"
}

hostile() {
	host "{\"cmd\": \"hostile\", \"spec\": \"$1\"}"
}

load() {
	modprobe hv_vmbus response_timeout=5
	for module in $devices; do
		modprobe "$module"
	done
}

unload() {
	for module in $devices hv_utils $bus; do
		rmmod "$module"
	done
}

traffic() {
	nic=$(synthetic_nic)
	ip link set "$nic" up
	ip addr replace 10.0.2.15/24 dev "$nic"
	busybox timeout 5 ping -c 20 -i 0.1 -W 1 10.0.2.2
	busybox timeout 5 wget -q -O /dev/null http://10.0.2.2:8080/payload
	for x in 100 2000 9000 30000; do
		host "{\"cmd\": \"mouse-move\", \"x\": $x, \"y\": $x}"
		host '{"cmd": "key", "keys": ["a"]}'
	done
	busybox timeout 10 dd if="/dev/$(disk_of_lun 0)" of=/dev/null bs=64k count=16 iflag=direct
}

works() {
	disk=$(disk_of_lun 0) || { echo "no disk"; return 1; }
	busybox timeout 20 dd if="/dev/$disk" of=/dev/null bs=64k count=4 iflag=direct || {
		echo "the disk does not read"
		return 1
	}
	nic=$(synthetic_nic) || { echo "no NIC"; return 1; }
	ip link set "$nic" up
	ip addr replace 10.0.2.15/24 dev "$nic"
	ping -c 1 -W 3 10.0.2.2 || { echo "no answer through the NIC"; return 1; }
	grep -qi mouse /proc/bus/input/devices || { echo "no mouse"; return 1; }
	grep -qi keyboard /proc/bus/input/devices || { echo "no keyboard"; return 1; }
}

all_work() {
	tries=0
	until works >/tmp/works.log 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 15 ] || { tail -n 1 /tmp/works.log; return 1; }
		sleep 1
	done
}

case $phase in
load) ;;
*)
	load >/tmp/load.log 2>&1
	quiet >/dev/null
	all_work || echo "  | before the lie: $(cat /tmp/works.log)"
	;;
esac
echo "lies: $lie begins" >/dev/kmsg
hostile "1,lie=$lie" >/tmp/reply || { cat /tmp/reply; exit 1; }
"$phase" >/tmp/phase.log 2>&1 </dev/null &
sleep 1
told=$(quiet)
echo "LIE $told"
hostile off >/tmp/counts
echo "TOLD $(sed 's/.*"told": *\([0-9]*\).*/\1/' /tmp/counts | tr -d '\n' | tail -c 12)"
unload >/tmp/unload.log 2>&1 &
sleep 1
told=$(quiet) || { echo "AFTER unload $told"; exit 1; }
load >/tmp/load.log 2>&1 &
sleep 1
told=$(quiet) || { echo "AFTER load $told"; exit 1; }
if all_work >/tmp/after.log; then
	echo "AFTER works"
else
	echo "AFTER $(cat /tmp/after.log)"
	exit 1
fi
