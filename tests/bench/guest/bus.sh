#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The bus: from the load of modules to usable devices, BENCH_OFFERS more devices offered, a channel
# opened and closed; in-tree and ours in turn, BENCH_ROUNDS times.
. /lab/bench/lib.sh
out=/out/bus
mkdir -p "$out"
drivers=/sys/bus/vmbus/drivers
disk="1:$drivers/hv_storvsc/*/host*/target*/*/block/sd*"
nic="1:$drivers/hv_netvsc/*/net/*"
mouse="1:/sys/bus/hid/devices/*:045E:0621.*/input/input*/event*"
keyboard="1:/sys/bus/serio/devices/serio*/input/input*/event*"
nic_class=f8615163-df3e-46c5-913f-f2d2f965ed0e

# files SET MODULE...
files() {
	files_set=$1
	shift
	for files_module; do
		echo "$BENCH/$files_set/$files_module.ko"
	done
}

# usable SET ROUND: everything loaded until everything is there.
usable() {
	# shellcheck disable=SC2046,SC2086
	"$BENCH/bustime" load 60 "$disk" "$nic" "$mouse" "$keyboard" -- \
		$(files "$1" $BENCH_MODULES) >"$out/usable-$1-$2.json" || die "$1: not usable"
	unload
}

nodes() {
	set -- /sys/bus/vmbus/devices/*
	if [ -e "$1" ]; then
		echo $#
	else
		echo 0
	fi
}

# The number of devices on the bus, to $found, once it has stood still for a second.
settle() {
	settle_end=$(($(date +%s) + 30))
	found=0
	settle_looks=0
	while [ "$settle_looks" -lt 5 ]; do
		[ "$(date +%s)" -lt "$settle_end" ] || die "devices still come after 30 s"
		usleep 200000
		settle_looks=$((settle_looks + 1))
		settle_now=$(nodes)
		[ "$settle_now" = "$found" ] || settle_looks=0
		found=$settle_now
	done
	# Disk, NIC, mouse and keyboard at least.
	[ "$found" -ge 4 ] || die "there are $found devices on the bus"
}

# offers SET ROUND: the bus alone, until the extra devices are on it as well.
offers() {
	"$BENCH/bustime" load 120 "$everything:/sys/bus/vmbus/devices/*" -- \
		"$BENCH/$1/hv_vmbus.ko" >"$out/offers-$1-$2.json" || die "$1: devices are missing"
	rmmod hv_vmbus || die "$1: rmmod hv_vmbus"
}

uio_node() {
	[ -c /dev/uio0 ]
}

# channel SET ROUND: a channel that a program opens and closes by uio_hv_generic, which is the
# kernel's own over both buses.
channel() {
	insmod "$BENCH/$1/hv_vmbus.ko" || die "insmod $1 hv_vmbus"
	modprobe uio_hv_generic || die "$1: modprobe uio_hv_generic"
	echo "$nic_class" >"$drivers/uio_hv_generic/new_id" || die "$1: new_id"
	until_true 30 uio_node || die "$1: no uio device"
	"$BENCH/bustime" open "$BENCH_OPENS" /dev/uio0 >"$out/channel-$1-$2.json" ||
		die "$1: the channel does not open"
	rmmod uio_hv_generic || die "$1: rmmod uio_hv_generic"
	rmmod hv_vmbus || die "$1: rmmod hv_vmbus"
}

rounds() {
	round=0
	while [ "$round" -lt "$BENCH_ROUNDS" ]; do
		round=$((round + 1))
		for set in $(order "$round"); do
			note "$1, round $round, $set"
			"$1" "$set" "$round"
		done
	done
}

own_modules
# The first load of each is slower: caches.
usable ours 0
usable intree 0
rounds usable
if [ "$BENCH_BUS" = swapped ]; then
	rounds channel
	insmod "$BENCH/ours/hv_vmbus.ko" || die "insmod hv_vmbus"
	settle
	everything=$((found + BENCH_OFFERS))
	rmmod hv_vmbus
	extra=0
	while [ "$extra" -lt "$BENCH_OFFERS" ]; do
		hostctl '{"cmd": "device-add", "kind": "nic", "spec": "none"}' >/dev/null ||
			die "device $extra is refused"
		extra=$((extra + 1))
	done
	rounds offers
fi
echo "PASS bus"
