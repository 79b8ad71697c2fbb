#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the debug kernel allocations fail on purpose: of a module's load with its probes, and of its
# unload, one after the other; then at random, in loads and under traffic. Whatever fails, a
# device that is tried again must work, and nothing may leak. Usage: guest.sh STEPS SECONDS.
# Lines for the runner: PASS and FAIL.
. /lab/e2e/lib.sh
steps=$1
seconds=$2
debug=/sys/kernel/debug
devices="hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard"
many=1000000000
total=0

# What fails is counted by what is left of a great number of times.
failures() {
	for injector in failslab fail_page_alloc; do
		left=$(cat "$debug/$injector/times")
		[ "$left" -lt 0 ] || total=$((total + allowed - left))
		[ "$left" -lt 0 ] || injected=$((injected + allowed - left))
	done
}

inject() {	# ATTRIBUTE VALUE [INJECTOR], of both without one
	for to in ${3:-failslab fail_page_alloc}; do
		[ ! -e "$debug/$to/$1" ] || echo "$2" >"$debug/$to/$1"
	done
}

# Probes run in the kernel's workers: they fail like the task that asks for a load.
mark_workers() {
	for path in /proc/[0-9]*; do
		read -r comm 2>/dev/null <"$path/comm" || continue
		case $comm in
		kworker/*) echo 1 >"$path/make-it-fail" ;;
		esac
	done 2>/dev/null
}

# marked COMMAND...: its allocations may fail.
marked() {
	sh -c 'echo 1 >/proc/self/make-it-fail; exec "$@"' sh "$@"
}

# under INJECTOR AMOUNT TIMES COMMAND...: so many allocations fail once AMOUNT bytes (pages) have
# been handed out to the command and the workers. What was handed out is then in $used.
under() {
	injector=$1
	amount=$2
	allowed=$3
	shift 3
	mark_workers
	inject task-filter Y
	inject times 0
	inject times "$allowed" "$injector"
	inject space "$amount" "$injector"
	inject probability 100 "$injector"
	marked "$@" >/tmp/under.log 2>&1
	under_status=$?
	sleep 1
	inject probability 0
	used=$((amount - $(cat "$debug/$injector/space")))
	left=$(cat "$debug/$injector/times")
	injected=$((injected + allowed - left))
	total=$((total + allowed - left))
	return "$under_status"
}

all_loaded() {
	for module in hv_vmbus $devices; do
		[ -d "/sys/module/$module" ] || modprobe "$module" || return 1
	done
}

# Devices that appear bring their drivers by themselves, and those hold the bus.
gone() {
	[ "$1" = hv_vmbus ] || {
		[ ! -d "/sys/module/$1" ] || rmmod "$1"
		return
	}
	tries=0
	while [ -d /sys/module/hv_vmbus ]; do
		for user in $devices hv_vmbus; do
			[ ! -d "/sys/module/$user" ] || rmmod "$user" 2>/dev/null
		done
		tries=$((tries + 1))
		[ "$tries" -lt 40 ] || return 1
		usleep 500000
	done
}

# bound DRIVER: it has a device; the bus has devices of its own.
bound() {
	case $1 in
	hv_vmbus) set -- /sys/bus/vmbus/devices/*-* ;;
	*) set -- "/sys/bus/vmbus/drivers/$1/"*-* ;;
	esac
	[ -e "$1" ]
}

# A module is loaded again and again, and each time another of its allocations fails.
load_of() {
	module=$1
	injected=0
	refused=0
	without=0
	for kind in failslab fail_page_alloc; do
		gone "$module" || { fail "$module does not unload"; return 1; }
		under "$kind" "$many" 1 modprobe "$module" || {
			fail "$module does not load: $(tail -n 1 /tmp/under.log)"
			return 1
		}
		most=$used
		note "$module: a load takes $most of $kind"
		n=0
		while [ "$n" -lt "$steps" ]; do
			gone "$module" || {
				fail "$module does not unload after failure $n of $kind"
				return 1
			}
			under "$kind" $((most * n / steps)) 1 modprobe "$module"
			if [ ! -d "/sys/module/$module" ]; then
				refused=$((refused + 1))
			elif ! bound "$module"; then
				without=$((without + 1))
			fi
			n=$((n + 1))
		done
	done
	gone "$module"
	check "$module loads after $injected failures (then $refused no module, $without no device)" \
		modprobe "$module"
}

unload_of() {
	module=$1
	injected=0
	for kind in failslab fail_page_alloc; do
		under "$kind" "$many" 1 rmmod "$module"
		most=$used
		n=0
		while [ "$n" -lt $((steps / 4)) ]; do
			[ -d "/sys/module/$module" ] || modprobe "$module" || {
				fail "$module does not load after failure $n of $kind in its unload"
				return 1
			}
			usleep 500000
			under "$kind" $((most * n * 4 / steps)) 1 rmmod "$module"
			n=$((n + 1))
		done
	done
	gone "$module" || fail "$module does not unload"
	check "$module loads after unloads with $injected failures" modprobe "$module"
}

# Everything is loaded and unloaded while one in PERCENT allocations of it fails.
at_random() {
	injected=0
	for round in 1 2 3 4; do
		for module in $devices; do
			under failslab 0 "$many" true
			inject probability "$1" failslab
			inject times "$many" failslab
			allowed=$many
			marked rmmod "$module" >/dev/null 2>&1
			marked modprobe "$module" >/dev/null 2>&1
			sleep 1
			inject probability 0
			injected=$((injected + many - $(cat "$debug/failslab/times")))
		done
	done
	for module in $devices; do
		gone "$module" || fail "$module does not unload after random failures"
	done
	check "everything loads after $injected random failures in $((round * 4)) reloads" all_loaded
	total=$((total + injected))
}

traffic() {
	while [ -e /run/traffic ]; do
		disk=$(node_of_lun 0) && {
			dd if=/dev/zero of="$disk" bs=256k count=8 oflag=direct
			dd if="$disk" of=/dev/null bs=4k count=64 iflag=direct
		}
		nic=$(synthetic_nic) && {
			ping -c 5 -i 0.05 -W 1 -s 1400 10.0.2.2
			ip link set "$nic" mtu 4000
			ip link set "$nic" mtu 1500
		}
		host '{"cmd": "mouse-move", "x": 5000, "y": 9000}'
		host '{"cmd": "key", "keys": ["a"]}'
		host '{"cmd": "lun-add", "controller": "scsi0", "lun": 3, "spec": "mem:4M"}'
		host '{"cmd": "lun-remove", "controller": "scsi0", "lun": 3}'
	done
}

# traffic_with NAME IGNORE_WAIT FILTER PERCENT
traffic_with() {
	name=$1
	injected=0
	allowed=$many
	mark_workers
	inject ignore-gfp-wait "$2"
	inject task-filter "$3"
	inject times "$many"
	inject space 0
	touch /run/traffic
	(
		echo 1 >/proc/self/make-it-fail
		traffic >/dev/null 2>&1
	) &
	inject probability "$4"
	sleep "$seconds"
	inject probability 0
	failures
	inject ignore-gfp-wait 0
	rm -f /run/traffic
	wait $!
	for module in $devices; do
		# A LUN that just came is still being looked at.
		until_true 20 gone "$module" || fail "$module does not unload after failures of $name"
	done
	check "everything loads after $injected failures of $name" all_loaded
	check "all works after failures of $name" until_true 60 devices_work
}

[ -w "$debug/failslab/probability" ] || mount -t debugfs debugfs "$debug"
inject verbose 0
inject probability 0
inject interval 1
inject ignore-gfp-wait 0
inject ignore-gfp-highmem 0
inject min-order 0
# In-tree hv_utils ends in an oops when its probe fails, in hv_kvp_deinit().
rmmod hv_utils 2>/dev/null
find /lib/modules -name 'hv_utils.ko*' -exec rm {} +
check "all works before" until_true 30 devices_work

for module in $devices; do
	load_of "$module"
	unload_of "$module"
done
load_of hv_vmbus
check "everything loads" all_loaded
check "all works after failed loads" until_true 60 devices_work
at_random 3
check "all works after random failures" until_true 60 devices_work
traffic_with "atomic allocations" 1 N 1
traffic_with "allocations of the traffic and of workers" 0 Y 2

echo scan >"$debug/kmemleak"
sleep 6
echo scan >"$debug/kmemleak"
cat "$debug/kmemleak" >/out/kmemleak.txt
if grep -qE 'hv_|hid_hyperv|hyperv_keyboard' /out/kmemleak.txt; then
	fail "kmemleak: $(grep -c unreferenced /out/kmemleak.txt) blocks, see kmemleak.txt"
else
	pass "nothing leaked"
fi
if [ "$total" -ge 300 ]; then
	pass "$total allocations failed"
else
	fail "only $total allocations failed"
fi
gcov-gather /out/gcov.tar 2>/dev/null || :
finish
