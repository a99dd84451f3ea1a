/* memory.h - images in memory as a codec: the same engine for files and for ibx_apply. */
#ifndef IBX_ENGINE_MEMORY_H
#define IBX_ENGINE_MEMORY_H

#include "codec/codec.h"

/* As a decoder: a position in an image that somebody else owns. */
typedef struct {
    const ibx_image *image;
    int y;
} ibx_memory_reader;

/* As a sink: the image to fill; `create` allocates its pixels. */
typedef struct {
    ibx_sink sink;
    ibx_image *image;
} ibx_memory_writer;

/* read (decoder: ibx_memory_reader), create, write, finish, destroy (sink: ibx_memory_writer). */
extern const ibx_codec ibx_codec_memory;

#endif
