#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Hyper-V sockets, which in-tree hv_sock serves: SOCKETS_MIB (default 4) each way with checksums,
# from the guest and from the host, half-closed, many at once; refused and cut off. The host's
# ends are the programs of SOCKETS in tools/lab/lablib/scripts.py, in the same order.
. /lab/e2e/lib.sh
mib=${SOCKETS_MIB:-4}
any=4294967295
move=$E2E/sockmove

channels() {
	find /sys/bus/vmbus/devices/ -mindepth 1 | wc -l
}
before=$(channels)
counter() {
	host '{"cmd": "hvsock"}' | number "$1"
}

check "hv_sock is loaded" modprobe hv_sock
check "its driver is on the bus" until_true 10 sh -c 'ls -d /sys/bus/vmbus/drivers/*sock*'

# --- the guest calls ---
check "guest to host, both ways at once" "$move" call vsock:2:5002 together "$mib"
check "guest to host, half-closed" "$move" call vsock:2:5003 turns "$mib"
check "16 connections from the guest" "$move" call vsock:2:5004 together 1 16
check "nobody listens: the guest's call ends" "$move" refused vsock:2:5999
note "$(cat /tmp/check.log)"

# --- the host calls ---
check "host to guest, both ways at once" "$move" listen "vsock:$any:5001" together "$mib"
# Between these the host calls a port where nobody listens and is told so.
check "host to guest, half-closed" "$move" listen "vsock:$any:5005" turns "$mib"
check "16 connections from the host" "$move" listen "vsock:$any:5006" together 1 16
check "host was told that nobody answers" test "$(counter unanswered)" -ge 1

# --- the host takes a connection away ---
"$move" call vsock:2:5007 together 256 >/tmp/cut 2>&1 &
cut=$!
check "a long transfer is under way" until_true 20 \
	sh -c 'hostctl "{\"cmd\": \"devices\"}" | grep -q "\"port\": *5007"'
check "host takes it away" host '{"cmd": "device-remove", "device": "hvsock0"}'
ended() {
	! kill -0 "$cut"
}
check "the guest's end is told" until_true 20 ended
if wait "$cut"; then
	fail "the transfer succeeded all the same"
else
	note "$(cat /tmp/cut)"
fi

note "$(host '{"cmd": "hvsock"}')"
quiet() {
	[ "$(counter streams)" = 0 ] && [ "$(channels)" = "$before" ]
}
check "no channel is left" until_true 30 quiet
check "hv_sock is unloaded" until_true 20 rmmod hv_sock
finish
