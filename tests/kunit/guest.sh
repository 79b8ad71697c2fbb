#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the debug kernel: each KUnit module is loaded, unloaded and loaded again, then what leaked is
# asked for. Results are in the kernel's log. Usage: guest.sh MODULE...
set -u
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || :
leaks=/sys/kernel/debug/kmemleak
failed=0
# A device that comes and goes waits for readers of RCU some dozen times, patiently by default.
echo 1 >/sys/kernel/rcu_expedited 2>/dev/null || :

for module; do
	echo "kunit: $module" >/dev/kmsg
	modprobe "$module" || failed=1
	# Alone: what it needs may be in use by others.
	rmmod "$module" || failed=1
	# A second round proves that the suite leaves nothing behind that its start trips over.
	echo "kunit: again" >/dev/kmsg
	modprobe "$module" || failed=1
	rmmod "$module" || failed=1
done
if [ -w "$leaks" ]; then
	# A block counts as leaked when two scans found no pointer to it.
	echo scan >"$leaks"
	sleep 6
	echo scan >"$leaks"
	cat "$leaks" >/out/kmemleak.txt
	if [ -s /out/kmemleak.txt ]; then
		echo "FAIL kmemleak: see kmemleak.txt"
		failed=1
	fi
fi
gcov-gather /out/gcov.tar
exit "$failed"
