#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest whose modules are not loaded yet: lie after lie, each in one phase of the modules'
# life. How long it holds anything up is measured, then the host is honest and everything must
# work; the first lie that is not survived ends it. Usage: guest.sh BOUND LIE:PHASE[:FACTOR]...
# Lines for the runner: BEGIN, LIE, TOLD, AFTER.
. /lab/e2e/lib.sh
bound=$1
shift
devices="hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard"
case ${HVIC_DRIVERS:-} in
*vmbus=ours*) bus=hv_vmbus ;;
*) bus= ;;	# in-tree's guest hangs when its bus goes: it takes the timers with it
esac
case ${HVIC_DRIVERS:-} in
*storvsc=ours*) patience=io_deadline=8 ;;
*) patience= ;;
esac
leaks=/sys/kernel/debug/kmemleak

now() {
	cut -d. -f1 /proc/uptime
}

# The job in hand, programs that load or unload, and tasks that sleep where no signal reaches them.
busy() {
	case $(cut -d' ' -f3 "/proc/$job/stat" 2>/dev/null) in
	''|Z) ;;
	*) echo "$job job" ;;
	esac
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

stacks() {
	busy | while read -r task name; do
		echo "  | $task $name"
		sed 's/^/  |   /' "/proc/$task/stack"
	done
}

# Until $job has ended and nothing is busy three times in a row, at most $limit seconds: how
# long it took.
quiet() {
	quiet_began=$(now)
	calm=0
	while [ "$calm" -lt 3 ]; do
		if [ -z "$(busy)" ]; then
			calm=$((calm + 1))
		else
			calm=0
		fi
		if [ $(($(now) - quiet_began)) -ge "$limit" ]; then
			echo "stuck after $limit s: $(busy | cut -d' ' -f2 | sort | uniq -c | tr -s ' \n' ' ')"
			stacks
			return 1
		fi
		sleep 1
	done
	echo "over in $(($(now) - quiet_began - 2)) s"
}

hostile() {
	host "{\"cmd\": \"hostile\", \"spec\": \"$1\"}"
}

# --- phases: what is done while the host lies ---

load() {
	modprobe hv_vmbus response_timeout=5 || return
	for module in $devices; do
		# shellcheck disable=SC2086
		case $module in
		hv_storvsc) modprobe "$module" $patience ;;
		*) modprobe "$module" ;;
		esac
	done
}

unload() {
	for module in $devices $bus; do
		rmmod "$module"
	done
}

read_disk() {
	busybox timeout 10 dd if="/dev/$(disk_of_lun 0)" of=/dev/null bs=64k count=16 iflag=direct
}

traffic() {
	for x in 1 2 3 4; do
		read_disk &
	done
	nic=$(synthetic_nic)
	ip link set "$nic" up
	ip addr replace 10.0.2.15/24 dev "$nic"
	busybox timeout 5 ping -c 20 -i 0.1 -W 1 10.0.2.2
	busybox timeout 5 wget -q -O /dev/null http://10.0.2.2:8080/payload
	for x in 100 2000 9000 30000; do
		host "{\"cmd\": \"mouse-move\", \"x\": $x, \"y\": $x}"
		host '{"cmd": "key", "keys": ["a"]}'
	done
	read_disk
}

# Requests to the network device, many of them.
requests() {
	nic=$(synthetic_nic)
	for x in 1 2 3 4 5 6; do
		ip link set "$nic" up
		ip link set "$nic" promisc on
		ip link set "$nic" promisc off
		ip link set "$nic" mtu 1400
		ip link set "$nic" mtu 1500
		ip link set "$nic" down
	done
}

# Unload, then hand much of what became free to a file of zeros, which stay zeros.
freed() {
	unload
	head -c 200m /dev/zero >/tmp/zeros
}

# The cable is out and the host tells of another network, again and again.
networks() {
	nic=$(synthetic_nic)
	ip link set "$nic" up
	host '{"cmd": "link", "device": "net0", "up": false}'
	sleep 3
	for x in 1 2 3 4 5; do
		host '{"cmd": "link", "device": "net0", "change": true}'
		sleep 3
	done
	host '{"cmd": "link", "device": "net0", "up": true}'
}

# A controller comes, and goes while its disk is idle.
unplug() {
	host '{"cmd": "device-add", "kind": "disk-controller", "spec": "mem:4M"}'
	sleep 5
	host "{\"cmd\": \"device-remove\", \"device\": $(last_of scsi)}"
	sleep 5
}

# A network device goes while its driver and the host still greet each other.
hasty() {
	before=$(vmbus_devices)
	host '{"cmd": "device-add", "kind": "nic", "spec": "none"}'
	until_true 20 devices_are $((before + 1))
	host "{\"cmd\": \"device-remove\", \"device\": $(last_of net)}"
	sleep 5
}

# --- afterwards ---

# Whether memory that was free is as it was left, and nothing leaked.
sound() {
	if [ -e /tmp/zeros ]; then
		dirt=$(tr -d '\000' </tmp/zeros | wc -c)
		rm -f /tmp/zeros
		[ "$dirt" -eq 0 ] || { echo "the host wrote to $dirt bytes of others' memory"; return 1; }
	fi
	[ "$phase" = networks ] && [ -w "$leaks" ] || return 0
	echo scan >"$leaks"
	sleep 6
	echo scan >"$leaks"
	grep -B 3 -A 12 'hv_netvsc' "$leaks" >/tmp/leaks || return 0
	echo "leaked: $(grep -c '\[<.*hv_netvsc' /tmp/leaks) blocks"
	sed 's/^/  | /' /tmp/leaks
	return 1
}

vmbus_devices() {
	for path in /sys/bus/vmbus/devices/*; do
		echo "$path"
	done | wc -l
}

devices_are() {
	[ "$(vmbus_devices)" -eq "$1" ]
}

# The host's device of that kind that came last, in quotes.
last_of() {
	host '{"cmd": "devices"}' | grep -o "\"$1[0-9]*\"" | tail -n 1
}

# Offers and rescinds are still followed.
plugs() {
	before=$(vmbus_devices)
	host '{"cmd": "device-add", "kind": "nic", "spec": "none"}'
	until_true 40 devices_are $((before + 1)) || { echo "a new device is not seen"; return 1; }
	sleep 5
	host "{\"cmd\": \"device-remove\", \"device\": $(last_of net)}"
	until_true 40 devices_are "$before" || {
		echo "a device that was withdrawn stays"
		stacks
		return 1
	}
}

all_work() {
	tries=0
	until devices_work >/tmp/works.log 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 15 ] || { tail -n 1 /tmp/works.log; return 1; }
		sleep 1
	done
}

# In time the block layer gives a command up.
short_timers() {
	for path in /sys/bus/scsi/devices/*/timeout; do
		[ ! -w "$path" ] || echo 4 >"$path"
	done
} 2>/dev/null

one() {
	limit=$((bound * 3))	# an honest host's; only the lie is measured
	case $phase in
	load) before="unload" ;;
	*) before="load" ;;
	esac
	echo "next: $lie:$phase"
	"$before" >/tmp/before.log 2>&1 &
	job=$!
	held=$(quiet) || { echo "before $lie:$phase: $before $held"; return 1; }
	echo "BEGIN $lie:$phase"
	case $phase in
	load) ;;
	*)
		all_work || echo "  | before the lie: $(cat /tmp/works.log)"
		short_timers
		;;
	esac
	limit=$((bound * factor))
	echo "lies: $lie:$phase begins" >/dev/kmsg
	case $lie in
	none) ;;
	*) hostile "1,lie=$lie" >/tmp/reply || { cat /tmp/reply; return 1; } ;;
	esac
	"$phase" >/tmp/phase.log 2>&1 </dev/null &
	job=$!
	lasted=$(quiet)
	echo "LIE $lasted"
	hostile off >/tmp/counts
	case $lie in
	none) echo "TOLD 1" ;;
	*) echo "TOLD $(sed 's/.*"told": *\([0-9]*\).*/\1/' /tmp/counts | tr -d '\n' | tail -c 12)" ;;
	esac
	found=$(sound) || { echo "AFTER $found"; return 1; }
	# An honest host releases what was stuck at once, or never.
	limit=$((bound * 3))
	case $lasted in over*) ;; *) [ -n "$bus" ] || limit=10 ;; esac
	unload >/tmp/unload.log 2>&1 &
	job=$!
	held=$(quiet) || { echo "AFTER unload $held"; return 1; }
	load >/tmp/load.log 2>&1 &
	job=$!
	held=$(quiet) || { echo "AFTER load $held"; return 1; }
	all_work >/tmp/after.log || { echo "AFTER $(cat /tmp/after.log)"; return 1; }
	plugs >/tmp/after.log || { echo "AFTER $(grep -A 999 '^a ' /tmp/after.log)"; return 1; }
	echo "AFTER works"
	case $lasted in over*) ;; *) return 1 ;; esac
}

# In-tree hv_utils frees what it does not have when its channel cannot be opened, in
# hv_kvp_deinit(): with it the guest would not get to what is asked here.
find /lib/modules -name 'hv_utils.ko*' -exec rm {} +
[ -e "$leaks" ] || mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
for spec; do
	lie=${spec%%:*}
	phase=${spec#*:}
	factor=1
	case $phase in
	*:*)
		factor=${phase#*:}
		phase=${phase%:*}
		;;
	esac
	one || {
		# With a driver that is stuck the guest may not power off by itself.
		setsid sh -c "sleep 8; hostctl '{\"cmd\": \"quit\"}'" >/dev/null 2>&1 </dev/null &
		exit 1
	}
done
