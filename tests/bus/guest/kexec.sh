#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kexec: under traffic, with all channels open, the kernel starts another one in its place, twice.
# The bus must unload first, and the next kernel connect again and use every device.
. /lab/bus/powerlib.sh
stage=${LAB_STAGE:-first}

case $stage in
first)
	check "the disk is there" until_true 30 have_lun 0
	check "the disk is written" mark_disk
	next=second
	;;
second)
	next=third
	;;
esac
all_is_well "$stage kernel"
contacts=$(host_count contacts)
unloads=$(host_count unloads)
case $stage in
first) same "the host was contacted once" 1 "$contacts" ;;
second) same "the host was contacted again" 2 "$contacts" ;;
third) same "the host was contacted a third time" 3 "$contacts" ;;
esac
same "$stage kernel: each kernel before has unloaded the bus" $((contacts - 1)) "$unloads"
same "$stage kernel: the machine was never reset" 0 "$(host_count resets)"
if [ "$stage" != first ]; then
	check "$stage kernel: it was started by kexec" grep -q "LAB_STAGE=$stage" /proc/cmdline
	check "$stage kernel: the disk has what the first one wrote" disk_is_marked
	check "$stage kernel: channels were open at the unload: $(host_count open_at_unload)" \
		test "$(host_count open_at_unload)" -ge 6
	figure "up after kexec, $stage kernel" "$(cut -d' ' -f1 /proc/uptime)" s
fi
if [ -n "${next-}" ]; then
	check "$stage kernel: another one is loaded" another_kernel load "$next"
	traffic "$stage kernel"
	keep_log "$stage"
	said
	/lab/bus/nextkernel go
	fail "the next kernel is started"
fi
finish
