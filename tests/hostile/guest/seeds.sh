#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest: for each SPEC (see hvhost --hostile) traffic on every device, the host lies for
# SECONDS, then it is honest again: nothing may hang, every module unloads and loads, and the
# devices work. Usage: seeds.sh SECONDS LIMIT SPEC...
# Lines for the runner: SEED, COUNT, STEP and RESULT, each with the SPEC.
# What a function is given is in the caller's names:
# shellcheck disable=SC2154
. /lab/e2e/lib.sh
seconds=$1
limit=$2
shift 2
ours="hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard"
case ${HVIC_DRIVERS:-} in
*vmbus=ours*) bus=hv_vmbus ;;
*) bus= ;;
esac

say() {
	echo "$1 $spec $2"
}

now() {
	cut -d. -f1 /proc/uptime
}

# bounded SECONDS COMMAND...: its status, or 124 when it has not ended by then and will not be
# waited for any more.
bounded() {
	bounded_end=$(($(now) + $1))
	shift
	"$@" >/tmp/bounded.log 2>&1 </dev/null &
	bounded_pid=$!
	while kill -0 "$bounded_pid" 2>/dev/null; do
		case $(cut -d' ' -f3 "/proc/$bounded_pid/stat" 2>/dev/null) in
		Z|'') break ;;
		esac
		if [ "$(now)" -ge "$bounded_end" ]; then
			kill -9 "$bounded_pid" 2>/dev/null
			return 124
		fi
		usleep 50000
	done
	wait "$bounded_pid"
}

# "PID NAME" of the tasks that sleep and cannot be interrupted.
stuck_tasks() {
	for stuck_stat in /proc/[0-9]*/task/*/stat; do
		read -r stuck_line 2>/dev/null <"$stuck_stat" || continue
		case ${stuck_line##*) } in
		D*)
			stuck_pid=${stuck_line%% *}
			stuck_name=${stuck_line#*(}
			echo "$stuck_pid ${stuck_name%)*}"
			;;
		esac
	done
}

stacks() {
	stuck_tasks | while read -r task name; do
		echo "  | $task $name"
		sed 's/^/  |   /' "/proc/$task/stack" 2>/dev/null
	done
}

# --- traffic: each a loop that ends when /run/traffic goes ---

on_disk() {
	while [ -e /run/traffic ]; do
		disk=$(node_of_lun 0) || { usleep 200000; continue; }
		dd if=/dev/zero of="$disk" bs=32k count=64 oflag=direct
		dd if="$disk" of=/dev/null bs=4k count=128 iflag=direct
		sg_inq "$disk"
		sg_turs "$disk"
		usleep 20000
	done
}

# More commands in flight at once.
on_disk_too() {
	while [ -e /run/traffic ]; do
		disk=$(disk_of_lun 0) || { usleep 200000; continue; }
		dd if="/dev/$disk" of=/dev/null bs=4k count=256 skip=1024 iflag=direct
		usleep 10000
	done
}

on_nic() {
	while [ -e /run/traffic ]; do
		nic=$(synthetic_nic) || { usleep 200000; continue; }
		ip addr show dev "$nic" | grep -q 10.0.2.15 || {
			ip link set "$nic" up
			ip addr replace 10.0.2.15/24 dev "$nic"
		}
		timeout 2 ping -c 10 -i 0.05 -W 1 -s 900 10.0.2.2
		timeout 3 wget -q -O /dev/null http://10.0.2.2:8080/payload
		ethtool -S "$nic"
		ethtool -k "$nic"
	done
}

on_input() {
	while [ -e /run/traffic ]; do
		host '{"cmd": "key", "keys": ["a", "b", "enter"]}'
		host '{"cmd": "mouse-move", "x": 5000, "y": 9000}'
		host '{"cmd": "mouse-click", "button": "left"}'
		usleep 10000
	done
}

on_services() {
	while [ -e /run/traffic ]; do
		host '{"cmd": "heartbeat"}'
		host '{"cmd": "time-sync"}'
		host '{"cmd": "kvp-set", "pool": "external", "key": "colour", "value": "blue"}'
		host '{"cmd": "kvp-list", "pool": "external"}'
		host '{"cmd": "shutdown"}'
		usleep 50000
	done
}

# What makes channel messages: devices that are closed and opened, LUNs that come and go.
on_bus() {
	while [ -e /run/traffic ]; do
		host '{"cmd": "lun-add", "controller": "scsi0", "lun": 5, "spec": "mem:4M"}'
		timeout 5 rmmod hid_hyperv
		timeout 5 modprobe hid-hyperv
		timeout 5 rmmod hyperv_keyboard
		timeout 5 modprobe hyperv-keyboard
		host '{"cmd": "lun-remove", "controller": "scsi0", "lun": 5}'
		nic=$(synthetic_nic) && ip link set "$nic" down && ip link set "$nic" up
		timeout 5 rmmod hv_netvsc
		timeout 5 modprobe hv_netvsc
	done
}

# --- after it ---

# Everything that the traffic started has ended, and no task sleeps for good.
settled() {
	settled_end=$(($(now) + limit))
	while :; do
		left=$(stuck_tasks)
		for pid in $traffic; do
			case $(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null) in
			''|Z) ;;
			*) left="$left traffic:$pid" ;;
			esac
		done
		[ -n "$left" ] || return 0
		[ "$(now)" -lt "$settled_end" ] || return 1
		usleep 200000
	done
}

# unload MODULE...: each; those that are in use stay, and then it fails.
unload() {
	# hv_utils is in use while its daemon runs.
	pid=$(pidof hv_kvp_daemon) && kill -9 "$pid"
	unload_status=0
	for module; do
		[ -d "/sys/module/$module" ] || continue
		if ! bounded "$limit" rmmod "$module"; then
			echo "rmmod $module: $(cat /tmp/bounded.log)"
			unload_status=1
		fi
	done
	return "$unload_status"
}

load() {
	for module; do
		case $module in
		hv_vmbus) set -- response_timeout=6 ;;
		hv_storvsc) set -- io_deadline=8 ;;
		*) set -- ;;
		esac
		case ${HVIC_DRIVERS:-} in
		*=intree*) set -- ;;
		esac
		if ! bounded "$limit" modprobe "$module" "$@"; then
			echo "modprobe $module: $(cat /tmp/bounded.log)"
			return 1
		fi
	done
}

# A device that comes back loads its driver again at any time, so all of them until the bus goes.
reload_all() {
	reload_end=$(($(now) + limit))
	# shellcheck disable=SC2086
	until unload $ours hv_utils $bus; do
		[ "$(now)" -lt "$reload_end" ] || return 1
		usleep 300000
	done
	# shellcheck disable=SC2086
	load $bus $ours
}

# In-tree hv_utils frees what it does not have when its channel cannot be opened (6.1.192:
# hv_kvp_deinit() after a failed vmbus_open()), so it is here only for lies in its own packets.
services_for() {
	utils=$(find /lib/modules -name 'hv_utils.ko*')
	case $spec in
	*,services*)
		[ ! -e /run/hv_utils.ko ] || mv /run/hv_utils.ko "$(cat /run/hv_utils.path)"
		load hv_utils
		bounded 10 hv_kvp_daemon
		;;
	*)
		unload hv_utils
		[ -z "$utils" ] || { echo "$utils" >/run/hv_utils.path && mv "$utils" /run/hv_utils.ko; }
		;;
	esac
}

# The greetings are lied in too: what the class is about is loaded again meanwhile. It may fail.
reload_under_lies() {
	case $spec in
	*,storage*) reload=hv_storvsc ;;
	*,network*|*,ranges*) reload=hv_netvsc ;;
	*,input*) reload="hid_hyperv hyperv_keyboard" ;;
	*,services*) reload=hv_utils ;;
	*) reload="$ours $bus" ;;
	esac
	# shellcheck disable=SC2086
	unload $reload || :
	# shellcheck disable=SC2086
	load $bus $reload || :
	sleep 2
}

short_limits() {
	echo 8 >/sys/module/hv_storvsc/parameters/io_deadline
	[ ! -w /sys/module/hv_vmbus/parameters/response_timeout ] ||
		echo 6 >/sys/module/hv_vmbus/parameters/response_timeout
	for path in /sys/bus/scsi/devices/*/timeout; do
		[ ! -w "$path" ] || echo 4 >"$path"
	done
} 2>/dev/null

disk_works() {
	disk=$(node_of_lun 0) || return 1
	seq 1 20000 | head -c 65536 >/tmp/pattern
	dd if=/tmp/pattern of="$disk" bs=64k count=1 seek=1 oflag=direct &&
		dd if="$disk" of=/tmp/read bs=64k count=1 skip=1 iflag=direct &&
		cmp /tmp/pattern /tmp/read
}

nic_works() {
	nic=$(synthetic_nic) || return 1
	ip link set "$nic" up
	ip addr replace 10.0.2.15/24 dev "$nic"
	ping -c 1 -W 2 10.0.2.2
}

# What there is to see of the devices, for a failure.
evidence() {
	stacks
	sed 's/^/  | /' /tmp/bounded.log
	for evidence_path in /sys/bus/vmbus/devices/*; do
		evidence_driver=$(readlink "$evidence_path/driver") || continue
		echo "  | ${evidence_path##*/} ${evidence_driver##*/} $(cat "$evidence_path/state")"
	done
	nic=$(synthetic_nic) || return 0
	# ethtool waits for a lock that a driver which hangs may have.
	bounded 10 nic_state "$nic" || [ "$?" != 124 ] || echo "  | $nic does not tell its state"
	sed 's/^/  | /' /tmp/bounded.log
} 2>/dev/null

input_works() {
	grep -qi mouse /proc/bus/input/devices && grep -qi keyboard /proc/bus/input/devices
}

# step NAME COMMAND...: within the limit, again and again until it succeeds.
step() {
	step_name=$1
	shift
	step_end=$(($(now) + limit))
	until bounded "$limit" "$@"; do
		if [ "$(now)" -ge "$step_end" ]; then
			say RESULT "FAIL $step_name: $(tail -n 1 /tmp/bounded.log)"
			evidence
			return 1
		fi
		usleep 300000
	done
}

one() {
	echo "hostile: $spec begins" >/dev/kmsg
	say SEED "at $(now) s"
	services_for >/tmp/services.log 2>&1
	short_limits
	touch /run/traffic
	traffic=
	for kind in on_disk on_disk_too on_disk_too on_nic on_input on_services on_bus; do
		$kind >/dev/null 2>&1 </dev/null &
		traffic="$traffic $!"
	done
	sleep 1
	host "{\"cmd\": \"hostile\", \"spec\": \"$spec\"}" >/tmp/reply || {
		say RESULT "FAIL the host refuses: $(cat /tmp/reply)"
		rm -f /run/traffic
		return 1
	}
	sleep "$seconds"
	rm -f /run/traffic
	settled
	reload_under_lies >/tmp/reload.log 2>&1
	host '{"cmd": "hostile", "spec": "off"}' >/tmp/counts
	say COUNT "$(tr -d '\n' </tmp/counts)"
	say STEP "honest at $(now) s"
	if ! settled; then
		say RESULT "FAIL tasks do not end:$left"
		stacks
		return 1
	fi
	say STEP "settled at $(now) s"
	if ! reload_all >/tmp/reload.log 2>&1; then
		say RESULT "FAIL reload: $(tr '\n' ' ' </tmp/reload.log)"
		evidence
		return 1
	fi
	say STEP "reloaded at $(now) s"
	step "the disk works again" disk_works || return 1
	step "the NIC works again" nic_works || return 1
	step "mouse and keyboard are back" input_works || return 1
	say RESULT "ok at $(now) s"
}

# A shutdown that the host asks for comes here, whatever it asks.
printf '#!/bin/sh\nexit 0\n' >/tmp/nothing
chmod +x /tmp/nothing
echo /tmp/nothing >/proc/sys/kernel/poweroff_cmd
rm -f /sbin/reboot /sbin/poweroff
cp /tmp/nothing /sbin/reboot
cp /tmp/nothing /sbin/poweroff
mkdir -p /var/lib/hyperv
hv_kvp_daemon 2>/dev/null || :
until_true 20 have_lun 0
until_true 20 synthetic_nic
for spec; do
	if ! one; then
		fail "$spec"
		break
	fi
done
echo "hostile: end" >/dev/kmsg
gcov-gather /out/gcov.tar 2>/dev/null || :
finish
