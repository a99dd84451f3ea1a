/* logs.h - files that are written beside the images of a batch must be none that it reads or makes.
 *
 * Existing files are told apart by device and inode, so that links count; those that are not there
 * yet, by folder and name. Only regular files are looked at: /dev/null takes any number of writers,
 * and a socket can be standard input and output at once. */
#ifndef IBX_ENGINE_LOGS_H
#define IBX_ENGINE_LOGS_H

#include "engine/listing.h"
#include <sys/stat.h>

/* Before anything is listed: is a log one of batch->sources, a file that the recipe names, standard
 * output where images go there, or another log? False with IBX_USAGE. */
bool ibx_logs_check(const ibx_batch *batch, ibx_error *err);

/* Is a log one of the inputs? False with IBX_USAGE. */
bool ibx_logs_check_inputs(const ibx_batch *batch, const ibx_listing *listing, ibx_error *err);

/* Does a log have this place, the path `name` below the output folder? One that has another name,
 * through a link, is not found: see ibx_logs_have. */
bool ibx_logs_claim(const ibx_batch *batch, const char *name);

/* Is an existing file a log? */
bool ibx_logs_have(const ibx_batch *batch, const struct stat *file);

#endif
