#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the subjects that are named, one after the other, in one guest. Exit status: whether
# one of them failed. VAR=VALUE words before the names go to their environment.
worst=0
for word; do
	case $word in
	*=*)
		export "${word?}"
		;;
	*)
		echo "== $word"
		sh "/lab/e2e/$word.sh" || worst=1
		;;
	esac
done
gcov-gather /out/gcov.tar
exit "$worst"
