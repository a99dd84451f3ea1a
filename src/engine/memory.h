/* memory.h - images in memory as a codec: the same engine for files and for ibx_apply. */
#ifndef IBX_ENGINE_MEMORY_H
#define IBX_ENGINE_MEMORY_H

#include "codec/codec.h"

/* As a sink: the image to fill; `create` allocates its pixels. */
typedef struct {
    ibx_sink sink;
    ibx_image *image;
} ibx_memory_writer;

/* Pixels are read and filled in place (`pixels`), never copied. The decoder is an ibx_image that
 * somebody else owns; the sink is an ibx_memory_writer. */
extern const ibx_codec ibx_codec_memory;

#endif
