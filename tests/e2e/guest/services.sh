#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The integration services, which in-tree hv_utils serves: heartbeat and time, and last a
# shutdown that the host asks for. Ends the guest.
. /lab/e2e/lib.sh

check "hv_utils is loaded" test -d /sys/module/hv_utils
heartbeat_ok() {
	host '{"cmd": "heartbeat"}' >/tmp/heartbeat &&
		grep -q '"alive": *true\|"state": *"ok"\|"status": *"ok"' /tmp/heartbeat
}
check "host sees the heartbeat" until_true 20 heartbeat_ok
[ ! -s /tmp/heartbeat ] || note "$(cat /tmp/heartbeat)"
check "time synchronisation is negotiated" host '{"cmd": "time-sync"}'

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
