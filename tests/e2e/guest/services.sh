#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The integration services, which in-tree hv_utils serves: heartbeat, time, key-value pairs, and
# last a shutdown that the host asks for. Ends the guest.
. /lab/e2e/lib.sh

check "hv_utils is loaded" test -d /sys/module/hv_utils
heartbeat_ok() {
	host '{"cmd": "heartbeat"}' >/tmp/heartbeat &&
		grep -q '"alive": *true\|"state": *"ok"\|"status": *"ok"' /tmp/heartbeat
}
check "host sees the heartbeat" until_true 20 heartbeat_ok
[ ! -s /tmp/heartbeat ] || note "$(cat /tmp/heartbeat)"
beats=$(number beats </tmp/heartbeat)
more_beats() {
	heartbeat_ok && [ "$(number beats </tmp/heartbeat)" -gt "$beats" ]
}
check "the heart goes on beating" until_true 20 more_beats
same "and every beat is right" 0 "$(number wrong </tmp/heartbeat)"

# --- time: a clock that is a day slow is set at the host's wish ---
check "time synchronisation is negotiated" host '{"cmd": "time-sync"}'
sleep 1
right=$(date +%s)
# Not until_true, which reads the clock.
clock_comes_back() {
	tries=0
	while [ "$(date +%s)" -lt "$right" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		usleep 100000
	done
	[ "$(date +%s)" -lt $((right + 120)) ]
}
date -s "@$((right - 86400))" >/dev/null
check "host sets the clock" host '{"cmd": "time-sync"}'
check "the clock is right again" clock_comes_back
note "$(date)"
if [ -d /sys/class/ptp ]; then
	same "the host's clock is a PTP clock" hyperv "$(cat /sys/class/ptp/ptp0/clock_name)"
fi

# --- key-value pairs, which Debian's own daemon keeps ---
mkdir -p /var/lib/hyperv
check "hv_kvp_daemon starts" hv_kvp_daemon
check "host sets a key" until_true 30 \
	host '{"cmd": "kvp-set", "pool": "external", "key": "colour", "value": "blue"}'
check "the daemon has written it" grep -aq colour /var/lib/hyperv/.kvp_pool_0
# By the list, as Hyper-V reads: in-tree hv_utils loses the first four bytes of a single value.
keys() {
	host "{\"cmd\": \"kvp-list\", \"pool\": \"$1\"}"
}
keys external >/tmp/kvp
check "host reads it back" grep -q '"colour": *"blue"' /tmp/kvp
check "host deletes the key" host '{"cmd": "kvp-delete", "pool": "external", "key": "colour"}'
keys external >/tmp/kvp
check "the key is gone" grep -q '"values": *{}' /tmp/kvp
keys auto >/tmp/kvp
check "the guest tells its kernel" grep -q "\"OSBuildNumber\": *\"$(uname -r)\"" /tmp/kvp
note "$(cat /tmp/kvp)"

# The kernel runs this program when the host asks for a shutdown.
cat >/tmp/poweroff <<-EOF
#!/bin/sh
echo asked >/run/shutdown-asked
EOF
chmod +x /tmp/poweroff
echo /tmp/poweroff >/proc/sys/kernel/poweroff_cmd
check "host asks for a shutdown" host '{"cmd": "shutdown"}'
check "the guest begins to shut down" until_true 20 test -s /run/shutdown-asked
finish
