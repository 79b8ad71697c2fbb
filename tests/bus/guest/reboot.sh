#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest restarts, first of its own will and then by a panic, each time under traffic and with
# all channels open; the host starts it again from its kernel. The panic is told by the crash
# registers and the bus is unloaded before the machine is reset.
. /lab/bus/powerlib.sh
resets=$(host_count resets)

check "the disk is there" until_true 30 have_lun 0
# crash_register N: what the guest wrote to the Nth, from 1 on.
crash_register() {
	host '{"cmd": "stats"}' | sed 's/.*"crash": *\[//; s/\].*//; s/[" ]//g' | cut -d, -f"$1"
}

case $resets in
0)
	same "the host was contacted once" 1 "$(host_count contacts)"
	all_is_well "first boot"
	check "the disk is written" mark_disk
	traffic "first boot"
	said
	reboot -f
	sleep 60
	fail "the guest restarts"
	;;
1)
	all_is_well "after a restart"
	same "the host was contacted again" 2 "$(host_count contacts)"
	same "nothing has crashed" 0 "$(host_count crashes)"
	check "the disk has what the first boot wrote" disk_is_marked
	# The reset of the machine ends the connection; the panic below cannot count on one.
	same "a restart needs no unload" 0 "$(host_count unloads)"
	traffic "after a restart"
	said
	taskset 2 sh -c 'echo c >/proc/sysrq-trigger'
	fail "the kernel panics"
	;;
2)
	all_is_well "after a panic"
	same "the host was contacted a third time" 3 "$(host_count contacts)"
	same "the kernel that panicked has unloaded the bus" 1 "$(host_count unloads)"
	check "channels were open then: $(host_count open_at_unload)" \
		test "$(host_count open_at_unload)" -ge 6
	same "the panic was told once" 1 "$(host_count crashes)"
	# The TLFS leaves the registers to the guest. Linux gives who it is (bit 63, its vendor's number,
	# the kernel's version) in the second and where the process was that called it in the third.
	version=$(uname -r | sed 's/^\([0-9]*\)\..*/\1/')
	same "the second crash register names the kernel" "$(printf '0x810000%02x' "$version")" \
		"$(crash_register 2 | cut -c1-10)"
	check "the third is the address of an instruction: $(crash_register 3)" \
		test "$(($(crash_register 3)))" != 0
	check "the disk has what the first boot wrote" disk_is_marked
	;;
*)
	fail "the host tells of at most two resets: '$resets'"
	;;
esac
finish
