/* pictures.h - pictures through the libvips module, for its tests. */
#ifndef PICTURES_H
#define PICTURES_H

#include "decoded.h"

/* How to read. */
typedef struct {
    int strip;      /* rows per read; 0: all */
    int fd;         /* above 0: the file comes from this descriptor, not from memory */
    int shrink;     /* above 1: at 1/shrink of the size */
    int skip;       /* rows that are skipped; theirs are 0x5a, as are columns not needed */
    int left, need; /* columns that are needed; need 0: all */
    ibx_decode_limits limits;
} ways;

/* What was read. Free pixels. */
typedef struct {
    ibx_info info; /* profile and metadata are gone */
    size_t size;   /* of pixels, packed */
    uint8_t *pixels;
} picture;

/* Reads a file by the module; the test fails if another codec claims it. True with a warning in
 * *err if damage was accepted. */
bool picture_read(blob file, ways way, picture *p, ibx_error *err);

void assert_same(const picture *a, const picture *b);

/* Smooth colour with a little noise: all formats can hold it, none finds it trivial. malloc'd. */
void *chart(const ibx_head *h, ibx_sample sample, size_t *size);

/* Largest difference of samples, in steps of 8 bits, between a picture and the samples that it was
 * made from; gray may have become RGB, and an alpha that was added counts as opaque. */
double worst(const picture *p, const void *pixels, const ibx_head *h);

/* A block of parameters from "compression=lzw,tiled=yes". */
void *params_of(const ibx_format *format, const char *settings);

/* A file to write. */
typedef struct {
    const char *format, *settings;
    ibx_head head;
    ibx_sample sample;
    const ibx_metadata *metadata;
} task;

/* An upright picture without metadata. */
task task_of(const char *format, const char *settings, int w, int h, ibx_model model, bool alpha,
             ibx_sample sample);

/* Writes it in strips of `strip` rows; 0: all at once. */
bool write_file(const task *t, const void *pixels, int strip, blob *out, ibx_error *err);

#endif
