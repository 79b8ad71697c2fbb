# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# For scripts that run in a root of their own: what our modules look like in it.
set -u
mods='hv_vmbus hv_storvsc hv_netvsc hid-hyperv hyperv-keyboard'
first_kernel() {
	find /lib/modules -mindepth 1 -maxdepth 1 -name "[0-9]*" -printf "%f\n" | sort -V | head -n 1
}

# An outcome: check NAME COMMAND...; what the command said comes before a FAIL.
# /tmp/last is what the one before said.
check() {
	check_name=$1
	shift
	mv /tmp/said /tmp/last 2>/dev/null
	if "$@" >/tmp/said 2>&1; then
		echo "PASS $check_name"
	else
		cat /tmp/said
		echo "FAIL $check_name"
	fi
}

# Each module that depmod found for kernel $1 comes from folder $2 (updates or kernel); hv_vmbus
# may come from another one, $3.
come_from() {
	for mod in $mods; do
		from=$2
		[ "$mod" != hv_vmbus ] || from=${3-$2}
		path=$(modinfo -k "$1" -n "$mod")
		echo "$path"
		case $path in
		"/lib/modules/$1/$from/"*) ;;
		*) return 1 ;;
		esac
	done
}

# The initramfs of kernel $1 has each module once, from folder $2; hv_vmbus from $3.
initramfs_from() {
	image=${4-/boot/initrd.img-$1}
	lsinitramfs "$image" >/tmp/list || return 1
	for mod in $mods; do
		from=$2
		[ "$mod" != hv_vmbus ] || from=${3-$2}
		grep "/$mod\.ko" /tmp/list
		[ "$(grep -c "/$mod\.ko" /tmp/list)" = 1 ] || return 1
		grep -q "lib/modules/$1/$from/.*/$mod\.ko" /tmp/list ||
			grep -q "lib/modules/$1/$from/$mod\.ko" /tmp/list || return 1
	done
}

version_is() {
	for mod in $mods; do
		echo "$mod: $(modinfo -k "$1" -F version "$mod")"
		[ "$(modinfo -k "$1" -F version "$mod")" = "$2" ] || return 1
	done
}

not() {
	! "$@"
}

install_deb() {
	apt-get install -y --no-install-recommends --allow-downgrades "/mnt/debs/hvic-dkms_$1_all.deb"
}
