#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Suspend to idle: the guest sleeps with the bus as it is, and a key of the synthetic keyboard, or
# the mouse that moves, wakes it. Nothing else does, and no channel is closed.
. /lab/bus/powerlib.sh

# The host answers at once and does it to the sleeping guest, DELAY_MS from now.
DELAY_MS=8000

# wakeups CLASS: how often that device has asked for the system to be awake.
wakeups() {
	cat "$(device_of "$1")/power/wakeup_active_count"
}

count_of() {
	cat "/sys/power/suspend_stats/$1"
}

# sleeps NAME CLASS REQUEST: the guest goes to sleep and REQUEST, to a device of CLASS, wakes it.
sleeps() {
	before=$(count_of success)
	woken=$(wakeups "$2")
	began=$(date +%s)
	if ! host "$3" >/tmp/answer; then
		fail "$1: the host will do it: $(cat /tmp/answer)"
		return
	fi
	pass "$1: the host will do it"
	check "$1: the guest sleeps and wakes" sh -c 'echo freeze >/sys/power/state'
	slept=$(($(date +%s) - began))
	same "$1: one more suspend to idle" $((before + 1)) "$(count_of success)"
	check "$1: the device has asked for it" test "$(wakeups "$2")" -gt "$woken"
	check "$1: it slept until then: $slept s of $((DELAY_MS / 1000))" \
		test "$slept" -ge $((DELAY_MS / 1000 - 2))
	figure "$1: from the way to sleep to the way back" "$slept" s
	check "$1: the disk has what was written" disk_is_marked
	all_is_well "$1"
	same "$1: the host was contacted once" 1 "$(host_count contacts)"
	same "$1: the bus was not unloaded" 0 "$(host_count unloads)"
}

check "the disk is there" until_true 30 have_lun 0
all_is_well "before"
check "the disk is written" mark_disk
check "suspend to idle is there" grep -q s2idle /sys/power/mem_sleep
sleeps "a key" "$CLASS_KEYBOARD" \
	"{\"cmd\": \"key\", \"keys\": [\"a\"], \"action\": \"down\", \"after_ms\": $DELAY_MS}"
host '{"cmd": "key", "keys": ["a"], "action": "up"}' >/dev/null
sleeps "the mouse" "$CLASS_MOUSE" \
	"{\"cmd\": \"mouse-move\", \"x\": 100, \"y\": 200, \"after_ms\": $DELAY_MS}"
same "no suspend failed" 0 "$(count_of fail)"
finish
