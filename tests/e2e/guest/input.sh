#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Keyboard and mouse: what the host injects arrives as events, exactly and in order. The
# expected lists are written by hand from the key codes of <linux/input-event-codes.h>.
. /lab/e2e/lib.sh

# watch_events FILE COMMAND...: events during the command, as "TYPE CODE VALUE" a line.
watch_events() {
	watch_file=$1
	shift
	listening "$watch_file" "$E2E/evwatch 3000" "$@" >/tmp/watch.log 2>&1 || {
		fail "events of $*: $(cat /tmp/watch.log)"
		return 1
	}
}

# expect NAME FILE KIND: lines of FILE that begin with KIND are those on standard input.
expect() {
	grep "^$3" "$2" >/tmp/got
	cat >/tmp/expected
	if cmp -s /tmp/expected /tmp/got; then
		pass "$1"
	else
		fail "$1"
		diff /tmp/expected /tmp/got | sed 's/^/    | /'
	fi
}

both_there() {
	grep -qi 'keyboard' /proc/bus/input/devices &&
		grep -qi 'mouse' /proc/bus/input/devices
}
check "keyboard and mouse are input devices" until_true 20 both_there

type_text() {
	host '{"cmd": "type", "text": "Hv 1!"}'
}
# 42 left shift, 35 h, 47 v, 57 space, 2 the key with 1 and !
if watch_events /tmp/typed type_text; then
	expect "typed text: 'Hv 1!'" /tmp/typed KEY <<-EOF
	KEY 42 1
	KEY 35 1
	KEY 35 0
	KEY 42 0
	KEY 47 1
	KEY 47 0
	KEY 57 1
	KEY 57 0
	KEY 2 1
	KEY 2 0
	KEY 42 1
	KEY 2 1
	KEY 2 0
	KEY 42 0
	EOF
fi

press_keys() {
	host '{"cmd": "key", "keys": ["up"]}' && host '{"cmd": "key", "keys": ["ctrl", "right"]}' &&
		host '{"cmd": "key", "keys": ["enter"]}'
}
# E0 keys: 103 up, 106 right; 29 left ctrl; 28 enter
if watch_events /tmp/pressed press_keys; then
	expect "cursor keys (E0) and a combination" /tmp/pressed KEY <<-EOF
	KEY 103 1
	KEY 103 0
	KEY 29 1
	KEY 106 1
	KEY 106 0
	KEY 29 0
	KEY 28 1
	KEY 28 0
	EOF
fi

move_mouse() {
	host '{"cmd": "mouse-move", "x": 100, "y": 200}' &&
		host '{"cmd": "mouse-move", "x": 32767, "y": 0}' &&
		host '{"cmd": "mouse-move", "x": 16384, "y": 12345}'
}
if watch_events /tmp/moved move_mouse; then
	expect "mouse path" /tmp/moved ABS <<-EOF
	ABS 0 100
	ABS 1 200
	ABS 0 32767
	ABS 1 0
	ABS 0 16384
	ABS 1 12345
	EOF
fi

click_mouse() {
	host '{"cmd": "mouse-click"}' && host '{"cmd": "mouse-click", "button": "right"}' &&
		host '{"cmd": "mouse-wheel", "n": 1}' && host '{"cmd": "mouse-wheel", "n": -2}'
}
# 272 and 273: BTN_LEFT, BTN_RIGHT; 8: REL_WHEEL
if watch_events /tmp/clicked click_mouse; then
	expect "mouse buttons" /tmp/clicked KEY <<-EOF
	KEY 272 1
	KEY 272 0
	KEY 273 1
	KEY 273 0
	EOF
	grep '^REL 8 ' /tmp/clicked | awk '{ n += $3 } END { print n + 0 }' >/tmp/wheel
	same "mouse wheel" -1 "$(cat /tmp/wheel)"
fi
finish
