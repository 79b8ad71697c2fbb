#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Networks other than the usual one: a second guest on a hub, a tap of the host's kernel, and a
# forwarded port. Two guests run this; the first one tests, the second one serves.
. /lab/e2e/lib.sh
seconds=${IPERF_SECONDS:-2}

# nic_number INDEX: the interface of the host's NIC with that number, by its address.
nic_number() {
	for nic_path in /sys/class/net/*; do
		case $(cat "$nic_path/address") in
		00:15:5d:*:0"$1")
			echo "${nic_path##*/}"
			return 0
			;;
		esac
	done
	return 1
}

for index in 0 1 2; do
	check "NIC $index is found" until_true 20 nic_number "$index"
done
user=$(nic_number 0)
hub=$(nic_number 1)
tap=$(nic_number 2)

if [ "$LAB_GUEST" != 1 ]; then
	ip addr add "10.77.0.$LAB_GUEST/24" dev "$hub"
	ip link set "$hub" mtu 9000 up
	mkdir /tmp/www
	seq 600000 >/tmp/www/payload
	busybox httpd -p 8080 -h /tmp/www
	exec iperf3 -s
fi

# --- the hub: another guest on another host ---
ip addr add 10.77.0.1/24 dev "$hub"
check "MTU 9000 on the hub" ip link set "$hub" mtu 9000 up
check "the other guest answers ping" until_true 90 ping -c 1 -W 2 10.77.0.2
check "every one of 20 pings of 8000 bytes comes back" \
	sh -c 'ping -c 20 -i 0.1 -s 8000 10.77.0.2 | grep -q " 0% packet loss"'
until_true 30 wget -q -O /dev/null http://10.77.0.2:8080/payload
same "download from the other guest has its checksum" "$(cat "$E2E/payload.sha256")" \
	"$(wget -q -O - http://10.77.0.2:8080/payload | sha256sum | cut -d' ' -f1)"
check "TCP to the other guest" iperf3 -c 10.77.0.2 -t "$seconds"
check "TCP from the other guest" iperf3 -c 10.77.0.2 -t "$seconds" -R
check "UDP to the other guest" iperf3 -c 10.77.0.2 -t "$seconds" -u -b 20M

# --- a tap ---
ip addr add 10.78.0.2/24 dev "$tap"
ip link set "$tap" up
check "the host's end of the tap answers ping" until_true 20 ping -c 1 -W 2 10.78.0.1
check "TCP over the tap" iperf3 -c 10.78.0.1 -t "$seconds"
check "TCP back over the tap" iperf3 -c 10.78.0.1 -t "$seconds" -R

# --- a forwarded port: the host's side calls until it is answered ---
check "DHCP lease" lease "$user"
timeout 60 iperf3 -s -1 -J >/tmp/forwarded.json
same "a client came through the forwarded port" 10.0.2.2 \
	"$(sed -n 's/.*"remote_host":[^"]*"\([^"]*\)".*/\1/p' /tmp/forwarded.json | head -n 1)"
received=$(sed -n '/"sum_received"/,/}/p' /tmp/forwarded.json | tr '\t' ' ' | number bytes)
note "${received:-0} bytes"
check "and its bytes arrived" test "${received:-0}" -gt 1000000
finish
