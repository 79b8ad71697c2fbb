#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The host asks for a shutdown (POWER=off) or a restart (POWER=reboot); hv_utils has the kernel
# run /sbin/poweroff or /sbin/reboot, which tells init, which ends the guest. The row of this
# subject then sees how hvhost ended.
. /lab/e2e/lib.sh
mode=${POWER:-off}

check "hv_utils is loaded" test -d /sys/module/hv_utils
same "the kernel's own program powers off" /sbin/poweroff "$(cat /proc/sys/kernel/poweroff_cmd)"
check "host asks for $mode" until_true 20 host "{\"cmd\": \"shutdown\", \"mode\": \"$mode\"}"
sleep 60
fail "the guest ends within 60 s"
finish
