#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kdump: the kernel panics on another processor than the first, under traffic; the crash kernel
# loads the drivers, connects to the host that knew the one before, and writes the dump to the
# synthetic disk, where tests/bus reads it after the guest's end.
. /lab/bus/powerlib.sh

if [ "${LAB_STAGE:-first}" = first ]; then
	check "the disk is there" until_true 30 have_lun 0
	all_is_well "first kernel"
	check "memory is kept for the crash kernel" test "$(cat /sys/kernel/kexec_crash_size)" -gt 0
	check "the crash kernel is loaded" another_kernel crash dump nr_cpus=1 reset_devices
	same "the kernel knows of it" 1 "$(cat /sys/kernel/kexec_crash_loaded)"
	echo "kdump: ${DUMP_MARK:?}" >/dev/kmsg
	traffic "first kernel"
	said
	taskset 2 sh -c 'echo c >/proc/sysrq-trigger'
	fail "the kernel panics"
	finish
fi
check "this is the crash kernel" test -s /proc/vmcore
all_is_well "crash kernel"
same "the panic was told to the host" 1 "$(host_count crashes)"
same "the kernel that crashed has unloaded the bus" 1 "$(host_count unloads)"
check "channels were open then: $(host_count open_at_unload)" \
	test "$(host_count open_at_unload)" -ge 6
same "the host was contacted again" 2 "$(host_count contacts)"
same "the machine was never reset" 0 "$(host_count resets)"
figure "up after the panic" "$(cut -d' ' -f1 /proc/uptime)" s
disk=/dev/$(disk_of_lun 0)
bytes=$(stat -c %s /proc/vmcore)
began=$(now)
check "the dump is written to the disk" dd if=/proc/vmcore of="$disk" bs=1M conv=fsync,notrunc
figure "dump of $((bytes >> 20)) MiB written" $((($(now) - began) * 10)) ms
echo 3 >/proc/sys/vm/drop_caches
same "64 MiB of the dump read as they were written" \
	"$(dd if=/proc/vmcore bs=1M count=64 2>/dev/null | md5sum)" \
	"$(dd if="$disk" bs=1M count=64 2>/dev/null | md5sum)"
echo "DUMP $bytes"
finish
