#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The main path with a dkms that is not this suite's own.
. /mnt/guest/lib.sh
kernel=$(first_kernel)
with=$(dkms --version)
check "dkms is another one: $with" sh -c "! dkms --version | grep -q 3.0.10"
check "$with: the deb is installed" install_deb "$VERSION"
check "$with: modinfo finds ours" come_from "$kernel" updates
check "$with: the initramfs has ours" initramfs_from "$kernel" updates
# DKMS 3.2 adds that it keeps the in-tree modules elsewhere.
takes_for_installed() {
	dkms status
	dkms status | grep -qE "$kernel, x86_64: installed( \\(|$)"
}
check "$with: dkms takes it for installed" takes_for_installed
check "$with: the deb is upgraded" install_deb "$VERSION.1"
check "$with: modinfo finds the new version" version_is "$kernel" "$VERSION.1"
check "$with: the initramfs has ours after the upgrade" initramfs_from "$kernel" updates
check "$with: the deb is purged" apt-get purge -y hvic-dkms
check "$with: in-tree drivers are back" come_from "$kernel" kernel
check "$with: in the initramfs too" initramfs_from "$kernel" kernel
sed -i 's/^0x[0-9a-f]*\tvmbus_open\t/0x12345678\tvmbus_open\t/' \
	"/lib/modules/$kernel/build/Module.symvers"
check "$with: the deb is installed where the symbols differ" install_deb "$VERSION"
check "$with: drivers alone are ours" come_from "$kernel" updates kernel
check "$with: dkms takes that for installed" takes_for_installed
check "$with: the deb is purged again" apt-get purge -y hvic-dkms
check "$with: in-tree drivers are back again" come_from "$kernel" kernel
cp -R /mnt/tree /root/tree
cd /root/tree || exit 1
echo '5.4 5.9' >compat/kernels
packaging/source "/usr/src/hvic-$VERSION"
dkms add -m hvic -v "$VERSION" >/dev/null
for hook in postinst header_postinst; do
	check "$with: a kernel outside of the range does not fail its $hook" \
		"/etc/kernel/$hook.d/dkms" "$kernel"
	check "$with: and keeps its in-tree drivers" come_from "$kernel" kernel
done
