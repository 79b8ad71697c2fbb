#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The synthetic NIC: lease, ping, a download with its checksum, TCP both ways with offloads on
# and off, MTU, link changes. The far side is what the lab runs beside the host: 10.0.2.2.
. /lab/e2e/lib.sh
seconds=${IPERF_SECONDS:-3}

if ! until_true 20 synthetic_nic; then
	fail "NIC is found"
	finish
fi
nic=$(synthetic_nic)
pass "NIC is found"
note "$nic, $(cat "/sys/class/net/$nic/address")"
same "MAC address is the one that the host gave" \
	"$(host '{"cmd": "stats"}' | sed -n 's/.*"mac": *"\([0-9a-fA-F:]*\)".*/\1/p' | tr A-F a-f)" \
	"$(cat "/sys/class/net/$nic/address")"
nvsp=$(host '{"cmd": "stats"}' | sed -n 's/.*"nvsp_version": *"\([0-9a-fx]*\)".*/\1/p')
same "NVSP version" "${NVSP:-0x60001}" "$nvsp"
check "DHCP lease" lease "$nic"
[ ! -s /tmp/lease ] || note "$(cat /tmp/lease)"
check "gateway answers ping" ping -c 3 -W 5 10.0.2.2

download() {
	rm -f /tmp/download
	wget -q -O /tmp/download "http://10.0.2.2:8080/$1" &&
		[ "$(sha256sum </tmp/download | cut -d' ' -f1)" = "$(cat "$E2E/$1.sha256")" ]
}
check "HTTP download has its checksum" download payload

tcp_both_ways() {
	check "TCP to the host, $1" iperf3 -c 10.0.2.2 -t "$seconds"
	check "TCP from the host, $1" iperf3 -c 10.0.2.2 -t "$seconds" -R
}
features() {
	ethtool -k "$nic" | grep -E '^(rx|tx)-checksumming|^tcp-segmentation|^scatter-gather'
}
features >/out/features.txt
tcp_both_ways "offloads on"
check "offloads are turned off" ethtool -K "$nic" tx off rx off tso off sg off gso off gro off
tcp_both_ways "offloads off"
check "download without offloads" download payload
check "offloads are turned on again" ethtool -K "$nic" tx on rx on sg on tso on gso on gro on
features >/tmp/features
check "the same offloads are on" cmp /out/features.txt /tmp/features

check "driver tells its name" sh -c "ethtool -i $nic | grep -q '^driver: hv_netvsc'"
check "statistics" ethtool -S "$nic"
check "channels" ethtool -l "$nic"
check "ring sizes" ethtool -g "$nic"

if [ "$nvsp" = 0x00002 ]; then
	# NVSP 1 has no message that tells the host of an MTU.
	if ip link set "$nic" mtu 1501 2>/dev/null; then
		fail "an MTU above 1500 is refused with NVSP 1"
	else
		pass "an MTU above 1500 is refused with NVSP 1"
	fi
else
	check "MTU 9000 is set" ip link set "$nic" mtu 9000
	same "MTU is 9000" 9000 "$(cat "/sys/class/net/$nic/mtu")"
	check "lease with MTU 9000" lease "$nic"
	check "download with MTU 9000" download payload
	check "MTU 1500 is set" ip link set "$nic" mtu 1500
	check "lease with MTU 1500" lease "$nic"
fi

carrier_is() {
	[ "$(cat "/sys/class/net/$nic/carrier")" = "$1" ]
}
check "there is a carrier" carrier_is 1
check "host takes the link down" host '{"cmd": "link", "device": "net0", "up": false}'
check "carrier goes" until_true 20 carrier_is 0
check "host brings the link up" host '{"cmd": "link", "device": "net0", "up": true}'
check "carrier comes back" until_true 20 carrier_is 1
check "lease after the link came back" lease "$nic"
check "download after the link came back" download payload
finish
