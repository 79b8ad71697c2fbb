#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What udhcpc calls with a lease: sets address and route, and writes the lease to /tmp/lease.
# udhcpc sets these variables:
# shellcheck disable=SC2154
case $1 in
deconfig)
	ip addr flush dev "$interface"
	;;
bound|renew)
	ip addr flush dev "$interface"
	ip addr add "$ip/$mask" dev "$interface"
	if [ -n "$router" ]; then
		ip route replace default via "${router%% *}" dev "$interface"
	fi
	echo "$ip/$mask router $router dns $dns" >/tmp/lease
	;;
esac
