# SPDX-License-Identifier: GPL-2.0
# What every guest script shares: how a result is told, how the host is asked, and how a
# device is found. For busybox, and for an installed system.
# shellcheck shell=sh

E2E=/lab/e2e
failed=0
subject=${0##*/}
subject=${subject%.sh}

note() {
	echo "  $*"
}

pass() {
	echo "PASS $subject: $*"
}

fail() {
	echo "FAIL $subject: $*"
	failed=1
}

# check NAME COMMAND...: passes when the command does; what a failing one said is shown.
check() {
	check_name=$1
	shift
	if "$@" >/tmp/check.log 2>&1; then
		pass "$check_name"
	else
		check_status=$?
		fail "$check_name (status $check_status: $*)"
		tail -n 80 /tmp/check.log | sed 's/^/    | /'
	fi
}

# same NAME EXPECTED GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1: expected '$2', got '$3'"
	fi
}

# until_true SECONDS COMMAND...: repeat the command until it succeeds.
until_true() {
	until_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until_end" ] || return 1
		sleep 0.1
	done
}

# One request to the host: host '{"cmd": ...}' prints the answer.
host() {
	hostctl "$1"
}

# listening FILE "PROGRAM [WORD...]" COMMAND...: does the command when the program has said "ready"
# on stderr, and waits until the program ends; what that prints is in FILE. When the command fails
# the program is ended.
listening() {
	listening_file=$1
	listening_program=$2
	shift 2
	rm -f /tmp/listening.err
	# shellcheck disable=SC2086
	$listening_program >"$listening_file" 2>/tmp/listening.err &
	listening_pid=$!
	if until_true 10 grep -q ready /tmp/listening.err && "$@"; then
		wait "$listening_pid"
		return
	fi
	cat /tmp/listening.err
	kill "$listening_pid" 2>/dev/null
	wait "$listening_pid"
	return 1
}

# number KEY: the first "KEY": NUMBER of a JSON text on standard input.
number() {
	sed -n "s/.*\"$1\": *\\([0-9][0-9]*\\).*/\\1/p" | head -n 1
}

# disk_of_lun LUN: name of the disk at that LUN of the first synthetic controller.
disk_of_lun() {
	for disk_path in /sys/bus/scsi/devices/*:0:0:"$1"/block/*; do
		case $(readlink -f "$disk_path") in
		*/VMBUS*|*/vmbus*|*-*-*-*-*/host*)
			echo "${disk_path##*/}"
			return 0
			;;
		esac
	done
	return 1
}

# node_of_lun LUN: a node of that disk with a name of its own. What writes to /dev/sda of a disk that
# is just going makes a file of that name, and the next such disk has no node.
node_of_lun() {
	node_disk=$(disk_of_lun "$1") && node_device=$(cat "/sys/class/block/$node_disk/dev") || return
	node_path=/dev/block-${node_device%:*}-${node_device#*:}
	[ -b "$node_path" ] || mknod "$node_path" b "${node_device%:*}" "${node_device#*:}" ||
		[ -b "$node_path" ] || return
	echo "$node_path"
} 2>/dev/null

have_lun() {
	disk_of_lun "$1" >/dev/null && [ -b "/dev/$(disk_of_lun "$1")" ]
}

lun_is_gone() {
	! disk_of_lun "$1" >/dev/null
}

# Bytes of a disk, as the kernel knows it now.
disk_bytes() {
	echo $(($(cat "/sys/class/block/$1/size") * 512))
}

# The first network interface of the synthetic driver.
synthetic_nic() {
	for nic_path in /sys/class/net/*; do
		nic_driver=$(readlink -f "$nic_path/device/driver") || continue
		if [ "${nic_driver##*/}" = hv_netvsc ]; then
			echo "${nic_path##*/}"
			return 0
		fi
	done
	return 1
}

# Whether the first disk reads, the first NIC gets answers, mouse and keyboard are there; else what
# is wrong.
devices_work() {
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

# What there is to know of a NIC that does not work: the interface, its channels, the host's side.
nic_state() {
	(cd "/sys/class/net/$1" && grep . flags carrier operstate statistics/*) | grep -v ':0$'
	ethtool -S "$1" | grep -v ': 0$'
	for nic_channel in "/sys/class/net/$1/device/channels"/*; do
		(cd "$nic_channel" && grep -H . cpu events interrupts in_mask out_mask read_avail \
			write_avail) | sed "s/^/channel ${nic_channel##*/} /"
	done
	host '{"cmd": "stats"}' | sed 's/[{,]/\n/g' | sed -n '/"name":"net/,$p' | grep -v ':0[]}]*$'
}

# lease NIC: an address by DHCP; the lease is told in /tmp/lease, and how long it took if it took
# long: a guest on a busy machine may stand still for seconds, so the minute is a bound, no measure.
lease() {
	lease_start=$(date +%s)
	ip link set "$1" up
	rm -f /tmp/lease
	if ! udhcpc -i "$1" -n -q -f -t 20 -T 3 -s "$E2E/udhcpc.sh" || [ ! -s /tmp/lease ]; then
		nic_state "$1"
		return 1
	fi
	lease_seconds=$(($(date +%s) - lease_start))
	[ "$lease_seconds" -le 5 ] || echo "after $lease_seconds s" >>/tmp/lease
}

# Memory that the kernel has taken and does not give back, in KiB: all but what is free (on the
# processors' own lists, too), what processes have, and what is a cache. So pages that a driver takes
# from the page allocator count, which no line of /proc/meminfo tells.
kernel_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	[ ! -w /proc/sys/vm/compact_memory ] || echo 1 >/proc/sys/vm/compact_memory
	for slab_path in /sys/kernel/slab/*/shrink; do
		[ ! -w "$slab_path" ] || echo 1 >"$slab_path"
	done
	sleep 1
	# Counters that processors keep for themselves are added up.
	cat /proc/sys/vm/stat_refresh 2>/dev/null
	awk '/^MemTotal:/ { n += $2 }
	     /^(MemFree|Buffers|Cached|AnonPages|SReclaimable):/ { n -= $2 }
	     $1 == "count:" { n -= 4 * $2 }
	     END { print n }' /proc/meminfo /proc/zoneinfo
}

finish() {
	exit "$failed"
}
