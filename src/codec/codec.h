/* codec.h - reads or writes one file format, strip by strip.
 *
 * A codec decodes from an ibx_source and encodes into an ibx_sink (codec/stream.h); it never sees
 * a file name, a thread or a tile. Calls for one decoder or encoder come one after another, from
 * changing threads. Different ones run at the same time: no global state.
 *
 * Order of calls for a decoder: open, [start | start_components], [coarsen], [columns], [skip],
 * read ..., close; neither columns nor skip where components were started. An encoder:
 * create, write ..., finish, destroy; one whose job says `pressed`: create, append ..., finish,
 * destroy. Coders that offer `pixels` are neither read nor written. */
#ifndef IBX_CODEC_CODEC_H
#define IBX_CODEC_CODEC_H

#include "codec/lender.h"
#include "codec/metadata.h"
#include "codec/stream.h"
#include "core/format.h"
#include "imbrex.h"

/* A full-width band of rows, interleaved samples. A view: it owns nothing. */
typedef struct {
    ibx_sample sample;
    int planes; /* samples per pixel: colours, then alpha */
    int w;      /* pixels per row */
    int y;      /* image row of the first row */
    int rows;
    size_t stride; /* bytes from one row to the next */
    uint8_t *data;
} ibx_strip;

/* Where strips of pixels are for decoders to fill: their first row this far behind a cache line,
 * the others a multiple of a vector behind it. libjpeg-turbo writes rows that begin at a vector (of
 * 32 bytes with AVX2, of 16 without) past the caches, from where filters would have to fetch them.
 */
enum { IBX_ROW_LEAD = 8 };

static inline size_t ibx_row_stride(size_t lead, size_t bytes) {
    return (lead + bytes + 31) / 32 * 32;
}

/* Luma and two planes of chroma, as a file holds them: how often chroma is halved in each
 * direction (4:2:0 is 1, 1). Each is an image of its own, gray and rounded up in size. A sample of
 * chroma lies in the middle of the pixels that it stands for. */
enum { IBX_COMPONENTS = 3 };
typedef struct {
    bool known; /* else it is not told apart */
    int halved_x, halved_y;
} ibx_chroma;

/* Rows of luma in a strip of components are a multiple of this, those of chroma as many times
 * halved; only the image's last strip may be shorter, and has the memory of a whole one. What lies
 * beyond the image in a strip's memory, at the right and below, is the codecs' to overwrite, of
 * encoders too. */
enum { IBX_COMPONENT_ROWS = 16 };

/* Bytes from one row of a component to the next: whole cache lines, and room for whole blocks. */
static inline size_t ibx_component_stride(int w) {
    return ((size_t)w + 63) / 64 * 64;
}

/* The largest n that a decoder reduces by. */
enum { IBX_MOST_SHRINK = 1 << 20 };

/* What a file says about itself, before any pixel is decoded. */
typedef struct {
    ibx_head head;      /* as the decoder will deliver it; profile points into metadata */
    ibx_sample sample;  /* of the strips */
    const char *format; /* "jpeg", "png", "tiff", ...: static */
    int pages;
    bool progressive;  /* progressive, interlaced */
    int shrinks;       /* the sum of all n, powers of 2, for which start(shrink = n) is offered */
    bool levels;       /* they stand in the file, made for being looked at; else the decoder
                          averages, and the quality is the reader's to judge (see plan) */
    int coarsens;      /* the reduction from which on `coarsen` leaves anything out; 0: never */
    bool direct;       /* rows and columns that are not needed cost nothing, as tiles of a TIFF;
                          else rows above are read, too */
    ibx_chroma chroma; /* known: start(components) is offered */
    size_t decoder_bytes;  /* memory that the decoder itself will need, strips not counted */
    ibx_metadata metadata; /* owned by the decoder, until close */
} ibx_info;

/* What the user allows and accepts. */
typedef struct {
    int64_t max_pixels;               /* larger: IBX_LIMIT */
    size_t memory;                    /* the budget: a decoder that needs more: IBX_MEMORY */
    bool accept_damage;               /* see damage */
    const char *const *allow_loaders; /* NULL-terminated, or NULL */
    ibx_lender *lender;               /* for blocks as large as the image; NULL: the heap */
} ibx_decode_limits;

/* What to write. */
typedef struct {
    ibx_head head;     /* of the image that is coming; its profile is to be embedded if not empty */
    ibx_sample sample; /* of the strips that will come: U8, or U16 if the format keeps 16 bits */
    const ibx_format *format;
    const void *params;           /* the format's struct of core/format.h */
    const ibx_metadata *metadata; /* exif, xmp, iptc to embed; already filtered by policy */
    bool pressed;                 /* bands are appended, nothing is written */
    bool in_memory;               /* what must wait does so in memory: no file may be made for it */
    bool components;    /* strips come in threes: luma and chroma, halved as `chroma` says */
    ibx_lender *lender; /* of large blocks; NULL: the heap */
} ibx_save_job;

/* What an encoder adds that can compress bands of an image by themselves: in any order, at the same
 * time, each with a press of its own. The file has the same bytes as if strips had been written. */
typedef struct {
    /* Rows of a band (the last may have fewer): a power of 2, at least 16, that follows from the
     * job alone. 0: an image without bands, or so small that they do not pay. */
    int (*rows)(const ibx_save_job *job);

    /* Room to compress one band at a time, and how many bytes it is. */
    void *(*create)(const ibx_save_job *job, ibx_error *err);
    void (*destroy)(void *press); /* NULL is allowed */
    size_t (*bytes)(const ibx_save_job *job);

    /* Compresses a band, whose first row is a multiple of `rows`. */
    bool (*press)(void *press, const ibx_strip *band, ibx_error *err);

    /* Writes what the press holds, in the order of bands, through an encoder whose job says
     * `pressed`. */
    bool (*append)(void *encoder, void *press, ibx_error *err);
} ibx_band_codec;

typedef struct ibx_codec {
    const char *name; /* "jpeg", "png", "vips" */

    /* Do these first n bytes (up to 64) belong to this format? */
    bool (*sniff)(const uint8_t *head, size_t n);

    /* Reads the header and fills *info. NULL and an error if the file is none of ours, damaged
     * in its header, or above a limit. */
    void *(*open)(ibx_source *source, const ibx_decode_limits *limits, ibx_info *info,
                  ibx_error *err);

    /* Are all these names of its loaders, as allow_loaders has them? NULL: it has no choice. */
    bool (*knows_loaders)(const char *const *names, ibx_error *err);

    /* Chooses reduced decoding, before the first read: info->head gets the new size (the old one
     * divided by shrink, rounded up). Only for offered shrinks. */
    bool (*start)(void *decoder, int shrink, ibx_info *info, ibx_error *err);

    /* The image will be reduced so many times in each direction, what `start` does included, or
     * lose as much detail: what cannot be seen after that need not be decoded. Nor is damage found
     * in what is left out. Only from info->coarsens on. */
    void (*coarsen)(void *decoder, int reduction);

    /* Chooses components, before the first read: `read` gets three strips from then on. Only where
     * info->chroma is known. */
    void (*start_components)(void *decoder);

    /* Decodes the next strip->rows rows; strip->y continues where the last call ended. False on
     * damage, unless damage is accepted: then the rest is filled with what there is, and *err
     * gets the warning while the result is true. */
    bool (*read)(void *decoder, const ibx_strip *strip, ibx_error *err);

    /* Of every strip nobody will look at more than these columns: the others need not be filled,
     * nor decoded. What is filled is the same as without. NULL: all are filled. */
    void (*columns)(void *decoder, int x, int w);

    /* Instead of the first `read`: steps over rows that nobody needs. The rows behind them are the
     * same as without; damage among what is not needed may stay unseen. NULL: they are read. */
    bool (*skip)(void *decoder, int rows, ibx_error *err);

    /* For images that stand in memory already: all pixels of a decoder or an encoder as one strip,
     * to be used in place; `read` and `write` are not called then. NULL: pixels pass in strips. */
    ibx_strip (*pixels)(void *coder);

    /* Frees everything. NULL is allowed. */
    void (*close)(void *decoder);

    /* Starts a file in the sink. `format` of the job tells which, where a codec writes several. */
    void *(*create)(ibx_sink *sink, const ibx_save_job *job, ibx_error *err);

    /* Appends strip->rows rows. */
    bool (*write)(void *encoder, const ibx_strip *strip, ibx_error *err);

    /* All rows were written: completes the file. */
    bool (*finish)(void *encoder, ibx_error *err);

    /* Frees everything, also after a failure or without finish. NULL is allowed. */
    void (*destroy)(void *encoder);

    /* The chroma that this job writes, for encoders that take components. NULL: none does. */
    ibx_chroma (*chroma)(const ibx_save_job *job);

    /* Memory that an encoder for this job will need, strips and output not counted. */
    size_t (*encoder_bytes)(const ibx_save_job *job);

    const ibx_band_codec *bands; /* or NULL */
} ibx_codec;

extern const ibx_codec ibx_codec_jpeg;
extern const ibx_codec ibx_codec_png;

/* The codec that reads a file with these first bytes: JPEG and PNG directly, all else through the
 * libvips module, which is loaded on first need. NULL and an error if the module cannot be
 * loaded. */
const ibx_codec *ibx_codec_for_reading(const uint8_t *head, size_t n, ibx_error *err);

/* The codec that writes a format. */
const ibx_codec *ibx_codec_for_writing(const ibx_format *format, ibx_error *err);

/* In a ThreadSanitizer build: touches every sample of a strip, because the sanitizer cannot see
 * into libraries that were built without it. Elsewhere nothing. A decoder calls it with `write`
 * on strips that a library filled, an encoder without on strips that a library will read. */
void ibx_strip_touch(const ibx_strip *strip, bool write);

#endif
