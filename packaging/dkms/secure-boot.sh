#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the firmware loads signed modules only: says so, and how dkms's key is enrolled.
# Silent elsewhere, and where the key is known already. Never fails.
#
# usage: secure-boot.sh [unsigned]    unsigned: these modules are not dkms's, nobody signed them
set -u

root=${HVIC_ROOT-}

enforced() {
	if command -v mokutil >/dev/null; then
		state=$(mokutil --sb-state 2>/dev/null)
		case $state in
		*'validation is disabled'*) return 1 ;;
		*'SecureBoot enabled'*) return 0 ;;
		esac
		return 1
	fi
	# The last byte of the variable's five is 1.
	set -- "$root"/sys/firmware/efi/efivars/SecureBoot-*
	[ -r "$1" ] && [ "$(od -An -tu1 -j4 -N1 "$1" | tr -d ' ')" = 1 ]
}

# The certificate that dkms signs with on this distribution, unless it was told another one.
certificate() {
	set -- "$root"/etc/dkms/framework.conf "$root"/etc/dkms/framework.conf.d/*.conf
	told=$(sed -n 's/^[[:space:]]*mok_certificate=["'\'']*\([^"'\'' ]*\).*/\1/p' "$@" \
		2>/dev/null | tail -n 1)
	if [ -n "$told" ]; then
		echo "$told"
	elif grep -q '^ID=ubuntu' "$root/etc/os-release" 2>/dev/null; then
		echo /var/lib/shim-signed/mok/MOK.der
	else
		echo /var/lib/dkms/mok.pub
	fi
}

enforced || exit 0
if [ "${1-}" = unsigned ]; then
	echo "hvic: Secure Boot is on, and these modules are not signed: they will not load. Use"
	echo "hvic: 'make uninstall', then 'make dkms-install': DKMS signs them."
	exit 0
fi
key=$(certificate)
if command -v mokutil >/dev/null && mokutil --test-key "$key" 2>/dev/null |
	grep -q 'already enrolled'; then
	exit 0
fi

echo "hvic: Secure Boot is on: the modules will not load before dkms's key is enrolled."
if [ ! -f "$root$key" ]; then
	echo "hvic: there is no $key yet: this dkms did not sign the modules. Make a key"
	echo "hvic: ('dkms generate_mok' from dkms 3.0.11 on), install again, then enrol it."
fi
command -v mokutil >/dev/null || echo "hvic: install the package mokutil first."
echo "hvic: run this, choose a password, reboot, and confirm with it in the blue screen:"
echo "    mokutil --import $key"
echo "hvic: a reboot that does not enrol it finds no root file system on a synthetic disk."
