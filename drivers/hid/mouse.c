// SPDX-License-Identifier: GPL-2.0
/*
 * hid-hyperv: the synthetic mouse as a HID device. The host describes it with a HID report
 * descriptor and sends input reports; the HID core makes the rest of them.
 */
#include <linux/hid.h>
#include <linux/hyperv.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "channel.h"
#include "mouse_wire.h"

/*
 * The longest message: device info with a HID descriptor and a report descriptor as long as their
 * lengths can tell. The longest report is shorter, and what HID fills it up to still fits.
 */
#define MOUSE_MESSAGE_MAX						\
	ALIGN(sizeof(struct vmbus_pipe_header) +			\
	      offsetof(struct synthhid_device_info_msg, descriptor) +	\
	      U8_MAX + MOUSE_WIRE_DESC_MAX, 8)
/*
 * Of the ring that the host writes: such a message and its framing fit. Of the other: a request
 * and an acknowledgment. Together they are no larger an allocation than two rings of an input
 * device usually are.
 */
#define MOUSE_RX_RING_SIZE	VMBUS_RING_SIZE(84 * 1024)
#define MOUSE_TX_RING_SIZE	VMBUS_RING_SIZE(4 * 1024)

enum mouse_phase {
	MOUSE_IDLE,		/* nothing is due from the host but reports */
	MOUSE_WANT_RESPONSE,	/* a version was asked for */
	MOUSE_WANT_INFO,	/* it was approved; the descriptors are due */
};

/*
 * The channel callback owns phase (but for the start of a greeting, when no message is due),
 * status and offered until it completes greeted; from then on they do not change, whatever the
 * host sends.
 */
struct hv_mouse {
	struct hv_device *hdev;
	struct hid_device *hid;
	enum mouse_phase phase;
	struct completion greeted;
	int status;		/* of the greeting */
	bool reporting;		/* the HID device takes reports */
	struct {		/* what the host describes; during a greeting */
		struct mouse_wire_info info;	/* its descriptor is desc */
		u8 *desc;	/* MOUSE_WIRE_DESC_MAX bytes */
	} offered;
	/* What the HID device was made from. */
	u16 vendor, product, version;
	u8 *report_desc;
	u16 report_desc_len;
	/*
	 * hid_input_report() fills a report that is too short up to what the descriptor says, at
	 * most HID_MAX_BUFFER_SIZE bytes.
	 */
	u8 message[MOUSE_MESSAGE_MAX];
};

static_assert(sizeof(struct vmbus_pipe_header) + sizeof(struct synthhid_report) +
	      HID_MAX_BUFFER_SIZE <= MOUSE_MESSAGE_MAX);

/* ---- what the host sends; in the channel callback ---- */

static void mouse_greeted(struct hv_mouse *mouse, int status)
{
	mouse->status = status;
	WRITE_ONCE(mouse->phase, MOUSE_IDLE);
	complete(&mouse->greeted);
}

static void mouse_take_response(struct hv_mouse *mouse, const struct mouse_wire_msg *msg)
{
	if (mouse->phase != MOUSE_WANT_RESPONSE)
		return;
	if (msg->response.approved) {
		WRITE_ONCE(mouse->phase, MOUSE_WANT_INFO);
		return;
	}
	dev_err(&mouse->hdev->device, "the host refuses mouse protocol %u.%u\n",
		SYNTHHID_WIRE_VERSION_2_0 >> 16, SYNTHHID_WIRE_VERSION_2_0 & 0xffff);
	mouse_greeted(mouse, -ENODEV);
}

static void mouse_take_info(struct hv_mouse *mouse, const struct mouse_wire_msg *msg)
{
	if (mouse->phase != MOUSE_WANT_INFO)
		return;
	mouse->offered.info = msg->info;
	mouse->offered.info.report_desc = mouse->offered.desc;
	memcpy(mouse->offered.desc, msg->info.report_desc, msg->info.report_desc_len);
	mouse_greeted(mouse, 0);
}

static void mouse_take_report(struct hv_mouse *mouse, const struct mouse_wire_msg *msg)
{
	/* Pairs with mouse_add_hid(): the HID device is there. */
	if (!smp_load_acquire(&mouse->reporting))
		return;
	/* The report is in mouse->message, which is ours to write to. */
	hid_input_report(mouse->hid, HID_INPUT_REPORT, (u8 *)msg->report.data, msg->report.len, 1);
	pm_wakeup_hard_event(&mouse->hdev->device);
}

static void mouse_take(void *arg, const void *data, size_t len)
{
	static void (* const take[])(struct hv_mouse *mouse, const struct mouse_wire_msg *msg) = {
		[SYNTHHID_WIRE_PROTOCOL_RESPONSE] = mouse_take_response,
		[SYNTHHID_WIRE_DEVICE_INFO] = mouse_take_info,
		[SYNTHHID_WIRE_INPUT_REPORT] = mouse_take_report,
	};
	struct hv_mouse *mouse = arg;
	struct mouse_wire_msg msg = { .type = U32_MAX };
	int ret = mouse_wire_parse(data, len, &msg);

	if (!ret) {
		take[msg.type](mouse, &msg);
		return;
	}
	if (ret == -ENOMSG)
		return;
	dev_warn_ratelimited(&mouse->hdev->device,
			     "a message of %zu bytes from the host is malformed (%d)\n", len, ret);
	/* What is due will not come again. */
	if ((mouse->phase == MOUSE_WANT_RESPONSE && msg.type == SYNTHHID_WIRE_PROTOCOL_RESPONSE) ||
	    (mouse->phase == MOUSE_WANT_INFO && msg.type == SYNTHHID_WIRE_DEVICE_INFO))
		mouse_greeted(mouse, ret);
}

static void mouse_on_channel(void *context)
{
	struct hv_device *hdev = context;
	struct hv_mouse *mouse = hv_get_drvdata(hdev);

	input_channel_drain(hdev->channel, mouse->message, sizeof(mouse->message), mouse_take,
			    mouse);
}

/* ---- towards the host ---- */

static int mouse_send(struct hv_mouse *mouse, void *msg, u32 len)
{
	return vmbus_sendpacket(mouse->hdev->channel, msg, len, (unsigned long)mouse,
				VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
}

/* After a resume the HID device exists: it keeps the descriptor that it was made from. */
static int mouse_keep_info(struct hv_mouse *mouse)
{
	const struct mouse_wire_info *info = &mouse->offered.info;

	mouse_wire_fix_report_desc(mouse->offered.desc, info->report_desc_len);
	if (mouse->report_desc) {
		if (info->report_desc_len != mouse->report_desc_len ||
		    memcmp(info->report_desc, mouse->report_desc, info->report_desc_len))
			dev_warn(&mouse->hdev->device,
				 "the host describes the mouse differently now; bind it again\n");
		return 0;
	}
	mouse->report_desc = kvmalloc(info->report_desc_len, GFP_KERNEL);
	if (!mouse->report_desc)
		return -ENOMEM;
	memcpy(mouse->report_desc, info->report_desc, info->report_desc_len);
	mouse->report_desc_len = info->report_desc_len;
	mouse->vendor = info->vendor;
	mouse->product = info->product;
	mouse->version = info->version;
	return 0;
}

static int mouse_greet(struct hv_mouse *mouse)
{
	struct hv_device *hdev = mouse->hdev;
	struct mouse_wire_request request;
	struct mouse_wire_ack ack;
	int ret;

	mouse_wire_request_init(&request);
	reinit_completion(&mouse->greeted);
	WRITE_ONCE(mouse->phase, MOUSE_WANT_RESPONSE);
	ret = mouse_send(mouse, &request, sizeof(request));
	if (!ret)
		ret = input_channel_wait(hdev->channel, &mouse->greeted);
	if (ret == -ETIMEDOUT)
		dev_err(&hdev->device, "the host has not %s in %u ms\n",
			READ_ONCE(mouse->phase) == MOUSE_WANT_RESPONSE ? "answered" :
			"described the mouse", INPUT_GREETING_MS);
	if (!ret)
		ret = mouse->status;
	if (!ret)
		ret = mouse_keep_info(mouse);
	if (ret)
		return ret;
	mouse_wire_ack_init(&ack);
	return mouse_send(mouse, &ack, sizeof(ack));
}

/* Opens the channel and greets the host; on failure the channel is closed again. */
static int mouse_connect(struct hv_mouse *mouse)
{
	struct hv_device *hdev = mouse->hdev;
	int ret;

	mouse->offered.desc = kvmalloc(MOUSE_WIRE_DESC_MAX, GFP_KERNEL);
	if (!mouse->offered.desc)
		return -ENOMEM;
	ret = vmbus_open(hdev->channel, MOUSE_TX_RING_SIZE, MOUSE_RX_RING_SIZE, NULL, 0,
			 mouse_on_channel, hdev);
	if (!ret) {
		ret = mouse_greet(mouse);
		if (ret) {
			vmbus_close(hdev->channel);
			/* Nothing is due when the next greeting opens the channel. */
			mouse->phase = MOUSE_IDLE;
		}
	}
	/* No description is due any more, or there is no channel that it could come by. */
	kvfree(mouse->offered.desc);
	mouse->offered.desc = NULL;
	return ret;
}

/* ---- the HID device ---- */

static int mouse_hid_parse(struct hid_device *hid)
{
	struct hv_mouse *mouse = hid->driver_data;

	return hid_parse_report(hid, mouse->report_desc, mouse->report_desc_len);
}

static int mouse_hid_start(struct hid_device *hid)
{
	return 0;
}

static void mouse_hid_stop(struct hid_device *hid)
{
}

static int mouse_hid_open(struct hid_device *hid)
{
	return 0;
}

static void mouse_hid_close(struct hid_device *hid)
{
}

/* The protocol has no way to ask for a report or to set one; a program on hidraw is told. */
static int mouse_hid_raw_request(struct hid_device *hid, unsigned char report_num, __u8 *buf,
				 size_t len, unsigned char report_type, int request)
{
	return -EOPNOTSUPP;
}

static struct hid_ll_driver mouse_ll_driver = {
	.parse = mouse_hid_parse,
	.start = mouse_hid_start,
	.stop = mouse_hid_stop,
	.open = mouse_hid_open,
	.close = mouse_hid_close,
	.raw_request = mouse_hid_raw_request,
};

static int mouse_hid_probe(struct hid_device *hid, const struct hid_device_id *id)
{
	int ret;

	if (hid->ll_driver != &mouse_ll_driver)
		return -ENODEV;	/* the same identity on another transport */
	ret = hid_parse(hid);
	if (ret) {
		hid_err(hid, "the host's report descriptor is not understood (%d)\n", ret);
		return ret;
	}
	/* What is no mouse, such as a report of the vendor's own, can be read from hidraw. */
	ret = hid_hw_start(hid, HID_CONNECT_HIDINPUT | HID_CONNECT_HIDDEV | HID_CONNECT_HIDRAW);
	if (ret)
		hid_err(hid, "cannot be started (%d)\n", ret);
	return ret;
}

static const struct hid_device_id mouse_hid_ids[] = {
	{ HID_DEVICE(BUS_VIRTUAL, HID_GROUP_ANY, SYNTHHID_VENDOR_MICROSOFT,
		     SYNTHHID_PRODUCT_MOUSE) },
	{ }
};

static struct hid_driver mouse_hid_driver = {
	.name = "hid-hyperv",
	.id_table = mouse_hid_ids,
	.probe = mouse_hid_probe,
};

static int mouse_add_hid(struct hv_mouse *mouse)
{
	struct hid_device *hid = hid_allocate_device();
	int ret;

	if (IS_ERR(hid))
		return PTR_ERR(hid);
	hid->ll_driver = &mouse_ll_driver;
	hid->bus = BUS_VIRTUAL;
	hid->vendor = mouse->vendor;
	hid->product = mouse->product;
	hid->version = mouse->version;
	strscpy(hid->name, "Microsoft Vmbus HID-compliant Mouse", sizeof(hid->name));
	/* Not drvdata: that is the HID driver's, and is cleared when it is unbound. */
	hid->driver_data = mouse;
	mouse->hid = hid;
	ret = hid_add_device(hid);
	if (ret) {
		hid_destroy_device(hid);
		return ret;
	}
	/* Pairs with mouse_take_report(). */
	smp_store_release(&mouse->reporting, true);
	return 0;
}

/* ---- the VMBus device ---- */

static void mouse_free(struct hv_mouse *mouse)
{
	hv_set_drvdata(mouse->hdev, NULL);
	kvfree(mouse->report_desc);
	kvfree(mouse);
}

static int mouse_probe(struct hv_device *hdev, const struct hv_vmbus_device_id *id)
{
	struct hv_mouse *mouse = kvzalloc(sizeof(*mouse), GFP_KERNEL);
	int ret;

	if (!mouse)
		return -ENOMEM;
	mouse->hdev = hdev;
	init_completion(&mouse->greeted);
	hv_set_drvdata(hdev, mouse);
	ret = mouse_connect(mouse);
	if (ret)
		goto err_free;
	ret = mouse_add_hid(mouse);
	if (ret)
		goto err_close;
	device_init_wakeup(&hdev->device, true);
	return 0;

err_close:
	vmbus_close(hdev->channel);
err_free:
	mouse_free(mouse);
	return ret;
}

static hvic_remove_t mouse_remove(struct hv_device *hdev)
{
	struct hv_mouse *mouse = hv_get_drvdata(hdev);

	device_init_wakeup(&hdev->device, false);
	vmbus_close(hdev->channel);
	hid_destroy_device(mouse->hid);
	mouse_free(mouse);
	hvic_remove_return();
}

static int mouse_suspend(struct hv_device *hdev)
{
	vmbus_close(hdev->channel);
	return 0;
}

static int mouse_resume(struct hv_device *hdev)
{
	return mouse_connect(hv_get_drvdata(hdev));
}

static const struct hv_vmbus_device_id mouse_ids[] = {
	{ HV_MOUSE_GUID, },
	{ },
};
MODULE_DEVICE_TABLE(vmbus, mouse_ids);

static struct hv_driver mouse_driver = {
	.name = KBUILD_MODNAME,
	.id_table = mouse_ids,
	.probe = mouse_probe,
	.remove = mouse_remove,
	.suspend = mouse_suspend,
	.resume = mouse_resume,
	.driver = {
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init mouse_init(void)
{
	int ret = hid_register_driver(&mouse_hid_driver);

	if (ret)
		return ret;
	ret = vmbus_driver_register(&mouse_driver);
	if (ret)
		hid_unregister_driver(&mouse_hid_driver);
	return ret;
}
module_init(mouse_init);

static void __exit mouse_exit(void)
{
	vmbus_driver_unregister(&mouse_driver);
	hid_unregister_driver(&mouse_hid_driver);
}
module_exit(mouse_exit);

MODULE_DESCRIPTION("Microsoft Hyper-V Synthetic HID Driver");
MODULE_VERSION(HVIC_VERSION);
MODULE_LICENSE("GPL");
