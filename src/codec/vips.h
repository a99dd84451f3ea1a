/* vips.h - what the files of the libvips codec share. Private to them.
 *
 * libvips decodes and encodes here; it computes nothing and keeps nothing: its cache is off, it
 * has one worker, and loaders that it marks as unsafe for untrusted files stay blocked unless the
 * user names them. An image is pulled through a new region for every strip, because libvips ties
 * regions to the thread that made them and strips are read from changing threads. */
#ifndef IBX_CODEC_VIPS_H
#define IBX_CODEC_VIPS_H

#include "codec/codec.h"
#include <vips/vips.h>

/* ---- vips.c: the library ------------------------------------------------------------------- */

/* Starts libvips once per process and sets it up as said above. */
bool ibx_vips_start(ibx_error *err);

/* ---- vips_fail.c: what went wrong ----------------------------------------------------------- */

/* libvips keeps one text of errors for the whole process. This takes the first line that gives a
 * reason, clears the text, and fails with "name: what (that line, shortened)". */
bool ibx_vips_fail(ibx_error *err, ibx_code code, const char *name, const char *what);

/* The same of a file that cannot be read: "name: what: why, and what to do (that line)". */
bool ibx_vips_refuse(ibx_error *err, const char *name, const char *what);

/* ---- vips_stream.c: bytes in and out --------------------------------------------------------- */

/* A libvips source over ours, which must outlive it. In memory, or by pread on its descriptor;
 * the descriptor's own position is never moved. Unref it. */
VipsSource *ibx_vips_source(ibx_source *source, ibx_error *err);

/* The same file as a descriptor, for loaders that want a path (/proc/self/fd/N): a duplicate, or
 * a file in memory with a copy of the bytes. Close it. -1 and an error. */
int ibx_vips_source_fd(ibx_source *source, ibx_error *err);

/* A libvips target that forwards to a sink and keeps the sink's error. */
typedef struct {
    ibx_sink *sink;
    ibx_error err; /* code IBX_OK while the sink takes bytes */
} ibx_vips_forward;
VipsTarget *ibx_vips_target(ibx_vips_forward *forward);

/* An unnamed file: in memory, or on disk in $TMPDIR (else /var/tmp) if `on_disk`. `size` bytes
 * are reserved in it. -1 and an error. */
int ibx_vips_unnamed_file(size_t size, bool on_disk, ibx_error *err);

/* Writes all of the bytes at a position of it. */
bool ibx_vips_write_at(int fd, const void *data, size_t size, off_t at, ibx_error *err);

/* Appends a whole file to a sink. */
bool ibx_vips_send_file(int fd, ibx_sink *sink, ibx_error *err);

/* ---- vips_store.c: a whole image, which libvips reads at its own pace ------------------------ */

/* Rows in memory, or above 64 MB in an unnamed file on disk, which is read and written and not
 * mapped: pages of a mapping would count as memory of the process. With in_memory never there. */
typedef struct {
    uint8_t *data; /* or NULL, and: */
    int fd;
    size_t row_bytes;
    int rows;
} ibx_vips_store;
#define IBX_VIPS_HEAP ((size_t)64 << 20)
bool ibx_vips_store_open(ibx_vips_store *store, size_t row_bytes, int rows, bool in_memory,
                         ibx_error *err);
void ibx_vips_store_close(ibx_vips_store *store);

/* Stores the rows of a strip from row y on. */
bool ibx_vips_store_put(ibx_vips_store *store, int y, const ibx_strip *strip, ibx_error *err);

/* The whole store as an image of libvips, w pixels wide; the store must outlive it. NULL with an
 * error of libvips. */
VipsImage *ibx_vips_store_image(ibx_vips_store *store, int w, int planes, VipsBandFormat format);

/* ---- vips_loader.c: which loader reads a file ------------------------------------------------ */

/* What a loader takes: a stream; all bytes in memory; a path. */
typedef enum { IBX_VIPS_SOURCE, IBX_VIPS_BUFFER, IBX_VIPS_PATH } ibx_vips_input;

typedef struct {
    char name[16];         /* as in --allow-loader: "tiff", "svg" */
    const char *operation; /* "tiffload_source" */
    ibx_vips_input input;
    bool untrusted; /* by libvips' judgement */
    int priority;   /* of libvips; higher ones are asked first */
    VipsForeignLoadClass *class;
} ibx_vips_loader;

/* The loader for a file among the trusted and the allowed ones. NULL and an error that names the
 * loader which could read it, if only an untrusted one can. `path` is NULL or
 * leads to the file. */
const ibx_vips_loader *ibx_vips_find_loader(ibx_source *from, const char *path,
                                            const char *const *allowed, ibx_error *err);

/* Does any of the allowed loaders read paths only? */
bool ibx_vips_wants_path(const char *const *allowed);

/* See ibx_loaders_check. */
bool ibx_vips_knows_loaders(const char *const *names, ibx_error *err);

/* ---- vips_pixels.c: from what libvips loads to strips ---------------------------------------- */

/* How the samples of `image` become those of a strip. */
typedef struct {
    VipsImage *image; /* 8, 16 bit or float, 1 to 4 bands; owned by the caller */
    ibx_model model;
    bool alpha;
    ibx_sample sample;
    bool linear;    /* float samples in linear light, to be given the sRGB curve */
    bool converted; /* to sRGB from a space that its profile does not describe */
    int spread;     /* 10 or 12: so many bits at the top of 16, to be spread over all 16; else 0 */
} ibx_vips_pixels;

/* Looks at what a loader made and adds the operations that bring it to a form that a strip has.
 * `loader` is its name. Takes no reference to `loaded`. */
bool ibx_vips_pixels_of(VipsImage *loaded, const char *loader, const char *name,
                        ibx_vips_pixels *pixels, ibx_error *err);

/* Computes w columns from x on of rows of the image into the strip. False with an error of code
 * IBX_FORMAT if the loader gives up on them. */
bool ibx_vips_pull(const ibx_vips_pixels *pixels, const ibx_strip *strip, int x, int w,
                   const char *name, ibx_error *err);

/* ---- vips_read.c, vips_write.c: the codec's callbacks ---------------------------------------- */

void *ibx_vips_open(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                    ibx_error *err);
bool ibx_vips_reduce(void *decoder, int shrink, ibx_info *info, ibx_error *err);
void ibx_vips_columns(void *decoder, int x, int w);
bool ibx_vips_skip(void *decoder, int rows, ibx_error *err);
bool ibx_vips_read(void *decoder, const ibx_strip *strip, ibx_error *err);
void ibx_vips_close(void *decoder);

void *ibx_vips_create(ibx_sink *sink, const ibx_save_job *job, ibx_error *err);
bool ibx_vips_write(void *encoder, const ibx_strip *strip, ibx_error *err);
bool ibx_vips_finish(void *encoder, ibx_error *err);
void ibx_vips_destroy(void *encoder);
size_t ibx_vips_encoder_bytes(const ibx_save_job *job);

#endif
