// SPDX-License-Identifier: GPL-2.0
/*
 * What ACPI tells the guest, shaped like a generation 2 machine: a module device that owns the
 * MMIO ranges, with VMBus in it; a serial port; a clock. There is no PCI. The processors, whose
 * number varies, are in an SSDT that acpi.c makes.
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "HVIC", "HVHOST", 0x00000001)
{
	Name (\_S5, Package () { 5, 5, 0, 0 })

	Scope (\_SB)
	{
		Device (VMOD)
		{
			Name (_HID, "ACPI0004")
			Name (_UID, 0)
			// Below the I/O APIC, and from 448 GiB to what 39 address bits reach.
			Name (_CRS, ResourceTemplate ()
			{
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0x00000000, 0xF0000000, 0xFEBFFFFF, 0x00000000,
					0x0EC00000)
				QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
					NonCacheable, ReadWrite,
					0x0000000000000000, 0x0000007000000000,
					0x0000007FFFFFFFFF, 0x0000000000000000,
					0x0000001000000000)
			})

			Device (VMBS)
			{
				Name (_HID, "VMBus")
				Name (_UID, 0)
				Name (_DDN, "VMBUS")
				Name (_STA, 0x0F)
				Name (_CRS, ResourceTemplate ()
				{
					IRQ (Edge, ActiveHigh, Exclusive) { 5 }
				})
			}
		}

		Device (COM1)
		{
			Name (_HID, EisaId ("PNP0501"))
			Name (_UID, 1)
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
				IRQ (Edge, ActiveHigh, Exclusive) { 4 }
			})
		}

		Device (RTC0)
		{
			Name (_HID, EisaId ("PNP0B00"))
			Name (_CRS, ResourceTemplate ()
			{
				IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
			})
		}
	}
}
