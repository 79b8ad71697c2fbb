#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The rpm in a root of its own: its scriptlets, with a dkms that writes down how it was called,
# and depmod's overrides. Runs outside of that root, $1, for that has no rpm.
set -u
root=$1
calls=$root/calls
kernel=$(find "$root/lib/modules" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f')

check() {
	name=$1
	shift
	if "$@" >"$root/said" 2>&1; then
		echo "PASS $name"
	else
		cat "$root/said"
		echo "FAIL $name"
	fi
}

package() {
	rpm --root "$root" --nodeps "$@" >"$root/out" 2>&1
	status=$?
	cat "$root/out"
	return $status
}

# What dkms was asked for since the last time.
called() {
	printf '%s\n' "$@" >"$root/wanted"
	diff "$root/wanted" "$calls"
	status=$?
	: >"$calls"
	return $status
}

mv "$root/usr/sbin/dkms" "$root/usr/sbin/dkms.real"
cat >"$root/usr/sbin/dkms" <<'EOF'
#!/bin/sh
echo "$*${HVIC_NO_INITRAMFS:+ (no initramfs)}" >>/calls
[ ! -e "/fail-$1" ]
EOF
chmod +x "$root/usr/sbin/dkms"
: >"$calls"
old=$root/mnt/rpms/hvic-dkms-$VERSION-1.noarch.rpm
new=$root/mnt/rpms/hvic-dkms-$VERSION.1-1.noarch.rpm

check "rpm: installed" package --ignoreos -i "$old"
check "rpm: dkms was asked to add, build and install" called \
	"add -m hvic -v $VERSION --rpm_safe_upgrade" \
	"build -m hvic -v $VERSION -k $kernel" \
	"install -m hvic -v $VERSION -k $kernel --force-version-override"
check "rpm: upgraded" package --ignoreos -U "$new"
check "rpm: the new one first, then the old one goes, one initramfs" called \
	"add -m hvic -v $VERSION.1 --rpm_safe_upgrade" \
	"build -m hvic -v $VERSION.1 -k $kernel" \
	"install -m hvic -v $VERSION.1 -k $kernel --force-version-override" \
	"remove -m hvic -v $VERSION --all --rpm_safe_upgrade (no initramfs)"
check "rpm: the old source is gone" test ! -e "$root/usr/src/hvic-$VERSION"

# depmod in an order that nobody would want.
mkdir -p "$root/lib/modules/$kernel/extra" "$root/lib/modules/$kernel/weak-updates"
for mod in hv/hv_vmbus scsi/hv_storvsc net/hyperv/hv_netvsc hid/hid-hyperv \
	input/serio/hyperv-keyboard; do
	for where in extra weak-updates; do
		cp "$root/lib/modules/$kernel/kernel/drivers/$mod.ko" \
			"$root/lib/modules/$kernel/$where/"
	done
done
echo 'search weak-updates built-in updates extra' >"$root/etc/depmod.d/order.conf"
all_from() {
	chroot "$root" depmod "$kernel"
	for mod in hv_vmbus hv_storvsc hv_netvsc hid-hyperv hyperv-keyboard; do
		chroot "$root" modinfo -k "$kernel" -n "$mod"
		chroot "$root" modinfo -k "$kernel" -n "$mod" |
			grep -q "^/lib/modules/$kernel/$1/" || return 1
	done
}
mv "$root/etc/depmod.d/hvic.conf" "$root/hvic.conf"
check "rpm: without the override weak-updates wins in that order" all_from weak-updates
mv "$root/hvic.conf" "$root/etc/depmod.d/"
check "rpm: the override makes extra win" all_from extra
mv "$root/lib/modules/$kernel/extra" "$root/lib/modules/$kernel/updates"
check "rpm: and updates" all_from updates
rm -r "$root/lib/modules/$kernel/updates" "$root/lib/modules/$kernel/weak-updates" \
	"$root/etc/depmod.d/order.conf"

touch "$root/boot/initramfs-$kernel.img.before-hvic" "$root/fail-remove"
check "rpm: erased, although dkms failed" package -e hvic-dkms
rm "$root/fail-remove"
check "rpm: dkms was asked to remove, with an initramfs" called \
	"remove -m hvic -v $VERSION.1 --all --rpm_safe_upgrade"
check "rpm: no file is left" sh -c "! find '$root' -xdev -name '*hvic*' \
	-not -path '$root/usr/local/*' -not -path '$root/mnt/*' -not -path '$root/usr/share/doc/*' | grep ."

touch "$root/fail-build"
check "rpm: a build that fails does not fail the package" package --ignoreos -i "$old"
check "rpm: and is told with its log" grep -q '/var/lib/dkms/hvic/.*/build/make.log' "$root/out"
check "rpm: nothing was installed then" called "add -m hvic -v $VERSION --rpm_safe_upgrade" \
	"build -m hvic -v $VERSION -k $kernel"
rm "$root/fail-build"
package -e hvic-dkms >/dev/null
: >"$calls"

mv "$root/lib/modules/$kernel" "$root/lib/modules/4.18.0-553.el8_10.x86_64"
check "rpm: installed with a kernel outside of the range" package --ignoreos -i "$old"
check "rpm: that is told" grep -q 'outside of the tested range' "$root/out"
check "rpm: and not built for" called "add -m hvic -v $VERSION --rpm_safe_upgrade"
package -e hvic-dkms >/dev/null
mv "$root/lib/modules/4.18.0-553.el8_10.x86_64" "$root/lib/modules/$kernel"
: >"$calls"

mv "$root/lib/modules/$kernel/build" "$root/build"
check "rpm: installed without headers" package --ignoreos -i "$old"
check "rpm: headers are named for SLES" grep -q 'zypper install kernel-default-devel' "$root/out"
check "rpm: headers are named for RHEL" grep -q 'dnf install kernel-devel-' "$root/out"
check "rpm: nothing was built" called "add -m hvic -v $VERSION --rpm_safe_upgrade"
package -e hvic-dkms >/dev/null
mv "$root/build" "$root/lib/modules/$kernel/build"

# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "$1" != --sb-state ] || echo SecureBoot enabled\n' >"$root/usr/bin/mokutil"
chmod +x "$root/usr/bin/mokutil"
check "rpm: installed under Secure Boot" package --ignoreos -i "$old"
check "rpm: the command to enrol the key is told" \
	grep -q '^    mokutil --import /var/lib/dkms/mok.pub$' "$root/out"
