// SPDX-License-Identifier: GPL-2.0
/*
 * The common part of the block back ends: a disk's SPEC, the checks that each request passes,
 * and its counters.
 */
#include "backend/block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/block_internal.h"

static const struct block_ops *const kinds[] = {
	&block_mem_ops,
	&block_file_ops,
	&block_nbd_ops,
};

static const char *const op_names[NR_BLOCK_OPS] = {
	[BLOCK_READ] = "read",
	[BLOCK_WRITE] = "write",
	[BLOCK_FLUSH] = "flush",
	[BLOCK_DISCARD] = "discard",
	[BLOCK_ZERO] = "zero",
};

int block_parse_size(const char *text, uint64_t *size, struct error *err)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	unsigned long long n;
	const char *unit;
	char *end;

	if (*text < '0' || *text > '9')
		return error_set(err, "'%s' is not a size; write it like 512M", text);
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end) {
		unit = strchr(units, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
		if (!unit || end[1])
			return error_set(err, "'%s' is not a size; units are K, M, G and T", text);
		shift = 10 * (unit - units + 1);
	}
	if (errno || n > (uint64_t)INT64_MAX >> shift)
		return error_set(err, "the size '%s' is too large", text);
	if (!n)
		return error_set(err, "the size '%s' is zero", text);
	*size = (uint64_t)n << shift;
	return 0;
}

static int option_ro(struct block_device *dev, const char *value, struct error *err)
{
	if (value)
		return error_set(err, "the option ro takes no value");
	dev->info.read_only = true;
	return 0;
}

static int option_serial(struct block_device *dev, const char *value, struct error *err)
{
	size_t len = value ? strlen(value) : 0;

	if (!len || len > BLOCK_SERIAL_MAX)
		return error_set(err, "serial= needs 1 to %d characters", BLOCK_SERIAL_MAX);
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x21 || value[i] > 0x7e)
			return error_set(err, "serial= takes printable ASCII without blanks");
	memcpy(dev->serial, value, len + 1);
	return 0;
}

static int option_block(struct block_device *dev, const char *value, struct error *err)
{
	if (value && !strcmp(value, "512"))
		dev->info.block_size = 512;
	else if (value && !strcmp(value, "4096"))
		dev->info.block_size = 4096;
	else
		return error_set(err, "block= is 512 or 4096, not '%s'", value ? value : "");
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct block_device *dev, const char *value, struct error *err);
} options[] = {
	{ "ro", option_ro },
	{ "serial", option_serial },
	{ "block", option_block },
};

static int set_option(struct block_device *dev, char *text, struct error *err)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!strcmp(text, options[i].name))
			return options[i].set(dev, value, err);
	return error_set(err, "unknown disk option '%s'; there are ro, serial= and block=", text);
}

/* Cut @text at its next single comma, turn double commas into one. Return: what follows. */
static char *cut_at_comma(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		if (*from == ',') {
			if (from[1] != ',') {
				*to = '\0';
				return from + 1;
			}
			from++;
		}
		*to++ = *from;
	}
	*to = '\0';
	return NULL;
}

static int open_spec(struct block_device *dev, char *text, struct error *err)
{
	char *what = strchr(text, ':');
	char *option;

	if (what)
		*what++ = '\0';
	for (size_t i = 0; what && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(text, kinds[i]->name))
			dev->ops = kinds[i];
	if (!dev->ops)
		return error_set(err, "a disk is mem:SIZE, file:PATH or nbd:URI, not '%s'",
				 dev->spec);
	option = cut_at_comma(what);
	while (option) {
		char *next = cut_at_comma(option);

		if (set_option(dev, option, err))
			return -1;
		option = next;
	}
	if (!*what)
		return error_set(err, "nothing follows the colon in the disk '%s'", dev->spec);
	return dev->ops->open(dev, what, err);
}

struct block_device *block_open(const char *spec, struct error *err)
{
	struct block_device *dev = calloc(1, sizeof(*dev));
	char *text = strdup(spec);
	int ret = -1;

	if (dev)
		dev->spec = strdup(spec);
	if (!dev || !text || !dev->spec) {
		error_set(err, "no memory for the disk '%s'", spec);
	} else {
		dev->info.block_size = 512;
		ret = open_spec(dev, text, err);
	}
	free(text);
	if (ret) {
		if (dev)
			free(dev->spec);
		free(dev);
		return NULL;
	}
	return dev;
}

int block_attach(struct block_device *dev, struct loop *loop, struct error *err)
{
	dev->loop = loop;
	if (dev->ops->attach && dev->ops->attach(dev, err)) {
		dev->loop = NULL;
		return -1;
	}
	return 0;
}

void block_close(struct block_device *dev)
{
	if (!dev)
		return;
	dev->ops->close(dev);
	free(dev->spec);
	free(dev);
}

const struct block_info *block_info(const struct block_device *dev)
{
	return &dev->info;
}

const char *block_serial(const struct block_device *dev)
{
	return dev->serial;
}

const char *block_spec(const struct block_device *dev)
{
	return dev->spec;
}

size_t block_copy_iov(void *buf, const struct iovec *iov, int niov, size_t skip, size_t len,
		      bool to_iov)
{
	size_t done = 0;

	for (int i = 0; i < niov && done < len; i++) {
		size_t n;

		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			continue;
		}
		n = iov[i].iov_len - skip;
		if (n > len - done)
			n = len - done;
		if (to_iov)
			memcpy((char *)iov[i].iov_base + skip, (char *)buf + done, n);
		else
			memcpy((char *)buf + done, (char *)iov[i].iov_base + skip, n);
		done += n;
		skip = 0;
	}
	return done;
}

static int check(const struct block_device *dev, const struct block_request *req)
{
	uint64_t total = 0;

	if (req->op == BLOCK_FLUSH)
		return 0;
	if (req->offset > dev->info.size || req->len > dev->info.size - req->offset)
		return -ERANGE;
	if (req->op != BLOCK_READ && dev->info.read_only)
		return -EROFS;
	if (req->op == BLOCK_DISCARD && !dev->info.can_discard)
		return -EOPNOTSUPP;
	if (req->op != BLOCK_READ && req->op != BLOCK_WRITE)
		return 0;
	if (req->niov < 0 || req->niov > BLOCK_MAX_IOV)
		return -EINVAL;
	for (int i = 0; i < req->niov; i++)
		total += req->iov[i].iov_len;
	return total == req->len ? 0 : -EINVAL;
}

void block_done(struct block_request *req, int error)
{
	struct block_device *dev = req->dev;

	if (!error && req->fua && !dev->can_fua && !req->syncing) {
		req->syncing = true;
		req->op = BLOCK_FLUSH;
		dev->ops->submit(dev, req);
		if (dev->ops->commit)
			dev->ops->commit(dev);
		return;
	}
	dev->inflight--;
	if (error)
		dev->errors++;
	req->done(req, error);
}

void block_submit(struct block_device *dev, struct block_request *req)
{
	int error = check(dev, req);

	req->dev = dev;
	req->next = NULL;
	req->progress = 0;
	req->scratch = NULL;
	req->result = 0;
	req->syncing = req->op == BLOCK_READ || req->op == BLOCK_DISCARD || req->op == BLOCK_FLUSH;
	dev->inflight++;
	dev->count[req->op]++;
	if (req->op != BLOCK_FLUSH)
		dev->bytes[req->op] += req->len;
	if (error || (!req->len && req->op != BLOCK_FLUSH))
		block_done(req, error);
	else
		dev->ops->submit(dev, req);
}

void block_commit(struct block_device *dev)
{
	if (dev->ops->commit)
		dev->ops->commit(dev);
}

int block_resize(struct block_device *dev, uint64_t size, struct error *err)
{
	if (!size || size % dev->info.block_size)
		return error_set(err, "the size %llu is not a multiple of the disk's block, %u",
				 (unsigned long long)size, dev->info.block_size);
	if (dev->info.read_only)
		return error_set(err, "the disk '%s' is read-only", dev->spec);
	if (!dev->ops->resize)
		return error_set(err, "a disk of the kind %s: cannot be resized", dev->ops->name);
	return dev->ops->resize(dev, size, err);
}

json_t *block_stats(const struct block_device *dev)
{
	json_t *object = json_pack("{s:s, s:I, s:i, s:b, s:i, s:I}", "spec", dev->spec,
				   "size", (json_int_t)dev->info.size,
				   "block", (int)dev->info.block_size,
				   "read_only", dev->info.read_only,
				   "inflight", (int)dev->inflight,
				   "errors", (json_int_t)dev->errors);

	for (int op = 0; op < NR_BLOCK_OPS; op++)
		json_object_set_new(object, op_names[op],
				    json_pack("{s:I, s:I}", "count", (json_int_t)dev->count[op],
					      "bytes", (json_int_t)dev->bytes[op]));
	return object;
}
