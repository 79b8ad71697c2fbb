# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What scripts that need no root of their own share: a folder that goes at the end, and outcomes.
# check NAME COMMAND...: what the command said comes before a FAIL; $tmp/last is what the one
# before said.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

check() {
	name=$1
	shift
	mv "$tmp/said" "$tmp/last" 2>/dev/null
	if "$@" >"$tmp/said" 2>&1; then
		echo "PASS $name"
	else
		cat "$tmp/said"
		echo "FAIL $name"
	fi
}

not() {
	! "$@"
}
