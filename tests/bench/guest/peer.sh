#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The first process of a guest of QEMU: virtio's disks and NICs with the jobs that ours have. Files
# and status leave by two virtio ports (tests/bench/peerhost).
export PATH=/lab/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/
/lab/agent prepare
mkdir -p /out/storage /out/network
echo "init: up in $(cut -d' ' -f1 /proc/uptime) s"

measure() (
	. /lab/bench/lib.sh
	for module in $BENCH_NEEDED; do
		modprobe "$module" || die "modprobe $module"
	done
	. /lab/bench/jobs.sh
	until_true 20 [ -b /dev/vda ] || die "no /dev/vda"
	until_true 20 [ -b /dev/sda ] || die "no /dev/sda"
	for disk in vda:virtio-blk sda:virtio-scsi; do
		note "${disk#*:}"
		# What has never been written to reads faster.
		dd if=/dev/zero of="/dev/${disk%:*}" bs=1M oflag=direct 2>/dev/null
		fio_run "${disk%:*}" "/out/storage/${disk#*:}-1.json" "$BENCH_LIMIT"
	done
	[ -n "$BENCH_FLOOR" ] || exit 0
	note "virtio-net"
	other_namespace
	pair "$(nic_of "$BENCH_MAC_NEAR")" "$(nic_of "$BENCH_MAC_FAR")"
	for name in $BENCH_FLOOR; do
		job "$name" "/out/network/$name-virtio-net-1.json" "$BENCH_SECONDS"
	done
	end_jobs
)

measure >/out/peer.txt 2>&1
ended=$?
cat /out/peer.txt
dmesg -r >/out/dmesg.txt
# The ports are there once the driver has asked the host.
out_port=
status_port=
for port in out status; do
	for name in /sys/class/virtio-ports/*/name; do
		[ "$(cat "$name")" = $port ] || continue
		eval "${port}_port=/dev/$(basename "$(dirname "$name")")"
	done
done
tar -C /out -cf - . >"$out_port"
echo "$ended" >"$status_port"
sync
poweroff -f
