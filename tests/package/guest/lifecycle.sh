#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Debian package from its installation to its purge, with a new kernel in between.
. /mnt/guest/lib.sh
kernel=$(first_kernel)

# Everything that a package could leave behind, with its content where that is small and settled.
everything() {
	find / -xdev \( -path /proc -o -path /mnt -o -path /tmp -o -path /var/log -o -path /var/cache \
		-o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o \
		! -path '/var/lib/dkms/mok.*' ! -path '/boot/*' ! -type d -print | sort
	find /lib/modules /usr/src /var/lib/dkms /etc /boot -type d | sort
	ls /boot
}

everything >/tmp/before
check "in-tree drivers at first" come_from "$kernel" kernel
check "in-tree drivers in the initramfs at first" initramfs_from "$kernel" kernel

check "the deb is installed" install_deb "$VERSION"
check "dkms says so" sh -c "dkms status | grep -q '^hvic/$VERSION, $kernel, x86_64: installed'"
check "modinfo finds ours" come_from "$kernel" updates
check "of this version" version_is "$kernel" "$VERSION"
check "the initramfs has ours, all of one build" initramfs_from "$kernel" updates
check "the initramfs before is kept" initramfs_from "$kernel" kernel kernel \
	"/boot/initrd.img-$kernel.before-hvic"

check "the deb is upgraded" install_deb "$VERSION.1"
check "dkms has that version alone" sh -c "[ \"\$(dkms status hvic)\" = \
	'hvic/$VERSION.1, $kernel, x86_64: installed' ]"
check "modinfo finds the new version" version_is "$kernel" "$VERSION.1"
check "the source of the old version is gone" not test -e "/usr/src/hvic-$VERSION"
check "the initramfs has ours after the upgrade" initramfs_from "$kernel" updates
cmp_module() {
	mkdir -p /tmp/unpacked
	unmkinitramfs "/boot/initrd.img-$1" /tmp/unpacked
	in_image=$(find /tmp/unpacked -name 'hv_vmbus.ko')
	cmp "$in_image" "$(modinfo -k "$1" -n hv_vmbus)"
}
check "and it is the new version" cmp_module "$kernel"
check "the in-tree initramfs is still kept" initramfs_from "$kernel" kernel kernel \
	"/boot/initrd.img-$kernel.before-hvic"

# The worst order for a new kernel: its image first, with an initramfs, and its headers later.
debs=/$NEXT_KERNEL
next=$(find "$debs" -name "linux-image-[0-9]*.deb" -printf "%f" | sed "s/^linux-image-//; s/_.*//")
check "a newer kernel is installed, $next" sh -c "dpkg -i $debs/linux-image-$next*.deb"
check "its initramfs has the in-tree drivers without headers" initramfs_from "$next" kernel
check "its headers are installed" sh -c "dpkg -i \$(ls $debs/*.deb | grep -v linux-image-)"
check "modinfo finds ours for it" come_from "$next" updates
check "its initramfs has ours before it ever boots" initramfs_from "$next" updates
check "the first kernel has ours still" come_from "$kernel" updates
check "the newer kernel is removed" sh -c "apt-get purge -y linux-image-$next linux-headers-$next"
check "nothing of it is left in dkms" sh -c "! dkms status | grep -q '$next'"

check "the deb is removed" apt-get remove -y hvic-dkms
check "in-tree drivers are back" come_from "$kernel" kernel
check "in the initramfs too" initramfs_from "$kernel" kernel
check "the deb is purged" apt-get purge -y hvic-dkms
apt-get autoremove -y --purge >/dev/null 2>&1
everything >/tmp/after
# What came with the newer kernel's headers and stays in a purge is not ours.
check "nothing is left" sh -c 'diff /tmp/before /tmp/after | grep "^>" | grep -vE "linux-(headers|kbuild|compiler)" | tee /tmp/left; [ ! -s /tmp/left ] && ! find / -xdev -name "*hvic*" -not -path "/proc/*" -not -path "/mnt/*" -not -path "/usr/local/share/hvic-next-kernel*" -not -path "/var/lib/apt/*" -not -path "/var/log/*" | grep .'
