// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI controller as a device: its LUNs, the commands that add, remove and resize them
 * while the guest runs, its counters, and its beginning and end.
 */
#include "vsp/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/storage_internal.h"

static struct storage *controllers;		/* main loop */

/* ---- LUNs, on the controller's loop ---- */

void storage_lun_put(struct storage_lun *lun)
{
	scsi_disk_free(lun->disk);
	free(lun);
}

static void put_fn(void *arg)
{
	storage_lun_put(arg);
}

void storage_lun_put_later(struct storage *st, struct storage_lun *lun)
{
	loop_call(st->loop, put_fn, lun);
}

static void others_changed(struct storage *st, unsigned int except)
{
	for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++)
		if (st->luns[i] && i != except)
			scsi_unit_attention(st->luns[i]->disk, SCSI_ASC_LUNS_CHANGED);
	storage_enumerate(st);
}

/* Takes over @block when it succeeds. @number: -1 is the first that is free. */
static int attach_lun(struct storage *st, struct block_device *block, int *number,
		      struct error *err)
{
	struct scsi_disk_config config = { .max_transfer = STORAGE_MAX_TRANSFER };
	struct storage_lun *lun;
	char serial[40];

	for (int i = 0; *number < 0 && i < VSTOR_MAX_LUNS; i++)
		if (!st->luns[i])
			*number = i;
	if (*number < 0)
		return error_set(err, "%s has no free LUN", vmbus_device_name(st->dev));
	if (st->luns[*number])
		return error_set(err, "%s has a LUN %d already", vmbus_device_name(st->dev),
				 *number);
	lun = calloc(1, sizeof(*lun));
	snprintf(serial, sizeof(serial), "%s-lun%d", vmbus_device_name(st->dev), *number);
	config.serial = serial;
	if (lun)
		lun->disk = scsi_disk_new(block, &config);
	if (!lun || !lun->disk) {
		free(lun);
		return error_set(err, "no memory for a LUN");
	}
	if (block_attach(block, st->loop, err)) {
		scsi_disk_free(lun->disk);
		free(lun);
		return 1;
	}
	st->luns[*number] = lun;
	return 0;
}

struct lun_job {
	struct storage *st;
	struct block_device *block;
	int number;
	uint64_t size;
	struct error *err;
	int ret;	/* of attach_lun(): 1 when the block device is gone already */
};

static void add_fn(void *arg)
{
	struct lun_job *job = arg;

	job->ret = attach_lun(job->st, job->block, &job->number, job->err);
	if (!job->ret)
		others_changed(job->st, job->number);
}

static void remove_fn(void *arg)
{
	struct lun_job *job = arg;
	struct storage_lun *lun = job->st->luns[job->number];

	if (!lun) {
		job->ret = error_set(job->err, "%s has no LUN %d",
				     vmbus_device_name(job->st->dev), job->number);
		return;
	}
	job->st->luns[job->number] = NULL;
	lun->removed = true;
	if (!lun->inflight && !lun->uncommitted)
		storage_lun_put(lun);
	others_changed(job->st, job->number);
}

static void resize_fn(void *arg)
{
	struct lun_job *job = arg;
	struct storage_lun *lun = job->st->luns[job->number];

	if (!lun)
		job->ret = error_set(job->err, "%s has no LUN %d",
				     vmbus_device_name(job->st->dev), job->number);
	else
		job->ret = block_resize(scsi_disk_block(lun->disk), job->size, job->err);
	if (job->ret)
		return;
	/* The guest's next command is told; the bus scan makes an idle guest send one. */
	scsi_unit_attention(lun->disk, SCSI_ASC_CAPACITY_CHANGED);
	storage_enumerate(job->st);
}

/* ---- the commands, on the main loop ---- */

static struct storage *find_controller(json_t *request, struct error *err)
{
	const char *name = json_string_value(json_object_get(request, "controller"));
	struct storage *st;

	if (!name) {
		if (controllers && !controllers->next)
			return controllers;
		error_set(err, controllers ? "there are several controllers; name one, as in "
			  "\"controller\": \"scsi0\"" : "there is no SCSI controller");
		return NULL;
	}
	for (st = controllers; st; st = st->next)
		if (!strcmp(vmbus_device_name(st->dev), name))
			return st;
	error_set(err, "there is no SCSI controller '%s'", name);
	return NULL;
}

/* Return: the member "lun", -1 when it is not there and may be, -2 with @err set. */
static int lun_number(json_t *request, bool optional, struct error *err)
{
	int64_t lun = CONTROL_REQUIRED;

	if (optional && !json_object_get(request, "lun"))
		return -1;
	return control_number(request, "lun", 0, VSTOR_MAX_LUNS - 1, &lun, err) ? -2 : lun;
}

static int finish_command(struct lun_job *job, json_t *reply)
{
	if (job->ret)
		return -1;
	json_object_set_new(reply, "controller", json_string(vmbus_device_name(job->st->dev)));
	json_object_set_new(reply, "lun", json_integer(job->number));
	return 0;
}

static int cmd_add(void *arg, json_t *request, json_t *reply, struct error *err)
{
	const char *spec = json_string_value(json_object_get(request, "spec"));
	struct lun_job job = { .err = err };

	job.st = find_controller(request, err);
	job.number = lun_number(request, true, err);
	if (!job.st || job.number == -2)
		return -1;
	if (!spec)
		return error_set(err, "\"spec\" must say what the disk is, as in \"mem:64M\"");
	job.block = block_open(spec, err);
	if (!job.block)
		return -1;
	loop_call_sync(job.st->loop, add_fn, &job);
	if (job.ret < 0)
		block_close(job.block);
	return finish_command(&job, reply);
}

static int cmd_remove(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct lun_job job = { .err = err };

	job.st = find_controller(request, err);
	job.number = job.st ? lun_number(request, false, err) : -2;
	if (job.number == -2)
		return -1;
	loop_call_sync(job.st->loop, remove_fn, &job);
	return finish_command(&job, reply);
}

static int cmd_resize(void *arg, json_t *request, json_t *reply, struct error *err)
{
	json_t *size = json_object_get(request, "size");
	struct lun_job job = { .err = err };

	job.st = find_controller(request, err);
	job.number = job.st ? lun_number(request, false, err) : -2;
	if (job.number == -2)
		return -1;
	if (json_is_string(size)) {
		if (block_parse_size(json_string_value(size), &job.size, err))
			return -1;
	} else if (json_is_integer(size) && json_integer_value(size) > 0) {
		job.size = json_integer_value(size);
	} else {
		return error_set(err, "\"size\" must be bytes, or text such as \"128M\"");
	}
	loop_call_sync(job.st->loop, resize_fn, &job);
	return finish_command(&job, reply);
}

/* With each controller anew: a second registration replaces the first. */
static void register_commands(struct control *control)
{
	if (!control)
		return;
	control_register(control, "lun-add",
			 "controller, lun (else the first free), spec: hot-add a disk", cmd_add,
			 NULL);
	control_register(control, "lun-remove", "controller, lun: hot-remove a disk", cmd_remove,
			 NULL);
	control_register(control, "lun-resize", "controller, lun, size: change a disk's size",
			 cmd_resize, NULL);
}

/* ---- the device ---- */

void storage_stats(struct vmbus_device *dev, json_t *object)
{
	static const char *const states[NR_STORAGE_STATES] = {
		[STORAGE_BEGIN] = "begin",
		[STORAGE_VERSION] = "version",
		[STORAGE_PROPERTIES] = "properties",
		[STORAGE_END] = "end",
		[STORAGE_READY] = "ready",
	};
	struct storage *st = vmbus_device_priv(dev);
	json_t *luns = json_array();
	char version[16];

	snprintf(version, sizeof(version), "%u.%u", st->version >> 8, st->version & 0xff);
	for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++) {
		json_t *lun;

		if (!st->luns[i])
			continue;
		lun = block_stats(scsi_disk_block(st->luns[i]->disk));
		json_object_set_new(lun, "lun", json_integer(i));
		json_array_append_new(luns, lun);
	}
	json_object_set_new(object, "state", json_string(states[st->state]));
	json_object_set_new(object, "vstor_version", json_string(version));
	json_object_set_new(object, "inflight", json_integer(st->inflight));
	json_object_set_new(object, "requests", json_integer(st->requests));
	json_object_set_new(object, "failed", json_integer(st->failed));
	json_object_set_new(object, "bad_packets", json_integer(st->bad_packets));
	json_object_set_new(object, "resets", json_integer(st->resets));
	json_object_set_new(object, "luns", luns);
}

static void free_storage(struct storage *st)
{
	for (unsigned int i = 0; i < VSTOR_MAX_LUNS; i++)
		if (st->luns[i])
			storage_lun_put(st->luns[i]);
	while (st->free_ios) {
		struct storage_io *io = st->free_ios;

		st->free_ios = io->next;
		free(io);
	}
	free(st);
}

/* Main loop: the controller's loop has made its last call. */
static void free_loop_fn(void *arg)
{
	loop_stop(arg);
	loop_free(arg);
}

/* The main loop waits for this, so its list may be changed here. */
void storage_destroy(struct vmbus_device *dev)
{
	struct storage *st = vmbus_device_priv(dev);
	struct storage **link = &controllers;

	while (*link && *link != st)
		link = &(*link)->next;
	if (*link)
		*link = st->next;
	if (st->own_loop && st->main_loop)
		loop_call(st->main_loop, free_loop_fn, st->loop);
	free_storage(st);
}

static int open_specs(const struct storage_config *config, struct block_device **blocks,
		      struct error *err)
{
	if (config->n > VSTOR_MAX_LUNS)
		return error_set(err, "a SCSI controller takes %d disks, not %u", VSTOR_MAX_LUNS,
				 config->n);
	for (unsigned int i = 0; i < config->n; i++) {
		blocks[i] = block_open(config->specs[i], err);
		if (!blocks[i])
			return -1;
	}
	return 0;
}

static int make_loop(struct storage *st, const struct storage_config *config, struct error *err)
{
	st->loop = config->loop;
	if (st->loop)
		return 0;
	st->own_loop = true;
	st->loop = loop_new("scsi");
	return st->loop ? 0 : error_set(err, "cannot make a loop for a SCSI controller");
}

int storage_create(struct vmbus_server *server, struct control *control,
		   const struct storage_config *config, struct error *err)
{
	struct block_device *blocks[VSTOR_MAX_LUNS] = { NULL };
	struct storage *st = calloc(1, sizeof(*st));
	unsigned int attached = 0;
	int ret = 0;

	if (!st)
		return error_set(err, "no memory for a SCSI controller");
	st->max_version = config->max_version ? config->max_version : VSTOR_VERSION_6_2;
	st->max_subchannels = config->max_subchannels;
	st->main_loop = control ? control_loop(control) : NULL;
	if (open_specs(config, blocks, err) || make_loop(st, config, err))
		goto fail;
	st->dev = vmbus_device_add(server, st->loop, &storage_ops, NULL, st, err);
	if (!st->dev)
		goto fail;
	/* From here on the device owns what there is, and its removal frees it. */
	st->next = controllers;
	controllers = st;
	register_commands(control);
	for (; attached < config->n; attached++) {
		int number = attached;

		ret = attach_lun(st, blocks[attached], &number, err);
		if (ret)
			break;
		blocks[attached] = NULL;
	}
	if (ret > 0)
		blocks[attached] = NULL;
	if (st->own_loop && loop_start(st->loop))
		ret = error_set(err, "cannot start the thread of a SCSI controller");
	if (!ret)
		return 0;
	vmbus_device_remove(st->dev);
	st = NULL;
fail:
	for (unsigned int i = 0; i < config->n && i < VSTOR_MAX_LUNS; i++)
		block_close(blocks[i]);
	if (st) {
		if (st->own_loop && st->loop)
			loop_free(st->loop);
		free_storage(st);
	}
	return -1;
}
