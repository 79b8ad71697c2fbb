// SPDX-License-Identifier: GPL-2.0
/*
 * hyperv-keyboard: the synthetic keyboard as a serio port that speaks translated scan code
 * set 1, which the kernel's AT keyboard driver takes from there.
 */
#include <linux/hyperv.h>
#include <linux/module.h>
#include <linux/serio.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "channel.h"
#include "keyboard_wire.h"

/* The longest message that hosts send, bytes. */
#define KEYBOARD_MESSAGE_MAX	256

struct hv_keyboard {
	struct hv_device *hdev;
	struct serio *serio;		/* freed by serio once it is registered */
	struct completion greeted;	/* the host answered */
	bool accepted;			/* set before greeted */
	bool greeting;			/* an answer is due */
	spinlock_t lock;		/* protects started against the channel callback */
	bool started;			/* somebody listens to the port */
	u8 message[KEYBOARD_MESSAGE_MAX];	/* the channel callback's */
};

static void keyboard_take_event(struct hv_keyboard *kbd, const struct keyboard_wire_msg *msg)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&kbd->lock, flags);
	for (i = 0; kbd->started && i < msg->nr_bytes; i++)
		serio_interrupt(kbd->serio, msg->bytes[i], 0);
	spin_unlock_irqrestore(&kbd->lock, flags);

	/* Only a key going down wakes: the release of the key that confirmed a command to
	 * suspend comes after the system has begun to.
	 */
	if (msg->down)
		pm_wakeup_hard_event(&kbd->hdev->device);
}

static void keyboard_take(void *arg, const void *data, size_t len)
{
	struct hv_keyboard *kbd = arg;
	struct keyboard_wire_msg msg;
	int ret = keyboard_wire_parse(data, len, &msg);

	if (ret) {
		dev_warn_ratelimited(&kbd->hdev->device,
				     "a message of %zu bytes from the host is malformed (%d)\n",
				     len, ret);
		return;
	}
	if (msg.type == SYNTHKBD_WIRE_EVENT) {
		keyboard_take_event(kbd, &msg);
	} else if (READ_ONCE(kbd->greeting)) {
		WRITE_ONCE(kbd->greeting, false);
		kbd->accepted = msg.accepted;
		complete(&kbd->greeted);
	}
}

static void keyboard_on_channel(void *context)
{
	struct hv_device *hdev = context;
	struct hv_keyboard *kbd = hv_get_drvdata(hdev);

	input_channel_drain(hdev->channel, kbd->message, sizeof(kbd->message), keyboard_take, kbd);
}

static int keyboard_greet(struct hv_keyboard *kbd)
{
	struct hv_device *hdev = kbd->hdev;
	struct synthkbd_version_request request;
	int ret;

	keyboard_wire_request_init(&request);
	reinit_completion(&kbd->greeted);
	WRITE_ONCE(kbd->greeting, true);
	ret = vmbus_sendpacket(hdev->channel, &request, sizeof(request), (unsigned long)kbd,
			       VM_PKT_DATA_INBAND, VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
	if (!ret)
		ret = input_channel_wait(hdev->channel, &kbd->greeted);
	if (ret == -ETIMEDOUT)
		dev_err(&hdev->device, "the host has not answered in %u ms\n", INPUT_GREETING_MS);
	if (ret)
		return ret;
	if (!kbd->accepted) {
		dev_err(&hdev->device, "the host refuses keyboard protocol %u.%u\n",
			SYNTHKBD_WIRE_VERSION_1_0 >> 16, SYNTHKBD_WIRE_VERSION_1_0 & 0xffff);
		return -ENODEV;
	}
	return 0;
}

/* Opens the channel and greets the host; on failure the channel is closed again. */
static int keyboard_connect(struct hv_keyboard *kbd)
{
	struct hv_device *hdev = kbd->hdev;
	int ret;

	ret = vmbus_open(hdev->channel, INPUT_RING_SIZE, INPUT_RING_SIZE, NULL, 0,
			 keyboard_on_channel, hdev);
	if (ret)
		return ret;
	ret = keyboard_greet(kbd);
	if (ret)
		vmbus_close(hdev->channel);
	return ret;
}

static void keyboard_set_started(struct serio *serio, bool started)
{
	struct hv_keyboard *kbd = serio->port_data;
	unsigned long flags;

	spin_lock_irqsave(&kbd->lock, flags);
	kbd->started = started;
	spin_unlock_irqrestore(&kbd->lock, flags);
}

static int keyboard_start(struct serio *serio)
{
	keyboard_set_started(serio, true);
	return 0;
}

static void keyboard_stop(struct serio *serio)
{
	keyboard_set_started(serio, false);
}

static struct serio *keyboard_new_port(struct hv_keyboard *kbd)
{
	struct device *dev = &kbd->hdev->device;
	struct serio *serio = kzalloc(sizeof(*serio), GFP_KERNEL);

	if (!serio)
		return NULL;
	serio->dev.parent = dev;
	serio->id.type = SERIO_8042_XL;
	serio->port_data = kbd;
	serio->start = keyboard_start;
	serio->stop = keyboard_stop;
	strscpy(serio->name, dev_name(dev), sizeof(serio->name));
	strscpy(serio->phys, dev_name(dev), sizeof(serio->phys));
	return serio;
}

static int keyboard_probe(struct hv_device *hdev, const struct hv_vmbus_device_id *id)
{
	struct hv_keyboard *kbd = kzalloc(sizeof(*kbd), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!kbd)
		return ret;
	kbd->hdev = hdev;
	spin_lock_init(&kbd->lock);
	init_completion(&kbd->greeted);
	hv_set_drvdata(hdev, kbd);
	kbd->serio = keyboard_new_port(kbd);
	if (!kbd->serio)
		goto err_kbd;
	ret = keyboard_connect(kbd);
	if (ret)
		goto err_port;
	serio_register_port(kbd->serio);
	device_init_wakeup(&hdev->device, true);
	return 0;

err_port:
	kfree(kbd->serio);
err_kbd:
	hv_set_drvdata(hdev, NULL);
	kfree(kbd);
	return ret;
}

static hvic_remove_t keyboard_remove(struct hv_device *hdev)
{
	struct hv_keyboard *kbd = hv_get_drvdata(hdev);

	device_init_wakeup(&hdev->device, false);
	serio_unregister_port(kbd->serio);
	vmbus_close(hdev->channel);
	hv_set_drvdata(hdev, NULL);
	kfree(kbd);
	hvic_remove_return();
}

static int keyboard_suspend(struct hv_device *hdev)
{
	vmbus_close(hdev->channel);
	return 0;
}

static int keyboard_resume(struct hv_device *hdev)
{
	return keyboard_connect(hv_get_drvdata(hdev));
}

static const struct hv_vmbus_device_id keyboard_ids[] = {
	{ HV_KBD_GUID, },
	{ },
};
MODULE_DEVICE_TABLE(vmbus, keyboard_ids);

static struct hv_driver keyboard_driver = {
	.name = KBUILD_MODNAME,
	.id_table = keyboard_ids,
	.probe = keyboard_probe,
	.remove = keyboard_remove,
	.suspend = keyboard_suspend,
	.resume = keyboard_resume,
	.driver = {
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init keyboard_init(void)
{
	return vmbus_driver_register(&keyboard_driver);
}
module_init(keyboard_init);

static void __exit keyboard_exit(void)
{
	vmbus_driver_unregister(&keyboard_driver);
}
module_exit(keyboard_exit);

MODULE_DESCRIPTION("Microsoft Hyper-V Synthetic Keyboard Driver");
MODULE_VERSION(HVIC_VERSION);
MODULE_LICENSE("GPL");
