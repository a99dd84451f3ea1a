/* decoded.h - whole files through the codecs, for tests. */
#ifndef DECODED_H
#define DECODED_H

#include "codec/codec.h"

/* A file or anything else in memory. */
typedef struct {
    uint8_t *data;
    size_t size;
} blob;

/* Reads a file; data is NULL if it cannot be. Free with free(). */
blob blob_read(const char *path);

/* A source that hands out chunks of `piece` bytes of a blob, each in memory of its own that is
 * freed (and poisoned by the address sanitizer) with the next call. It cannot seek. */
typedef struct {
    ibx_source source;
    blob bytes;
    size_t at, piece;
    uint8_t *chunk;
} pieces;
void pieces_init(pieces *p, blob bytes, size_t piece);
void pieces_free(pieces *p);

/* How to decode. Zeros: strips of the whole image, one chunk, full size, strict, no limits. */
typedef struct {
    int strip;    /* rows per read */
    size_t piece; /* bytes per chunk, from a source that cannot seek */
    bool seeks;   /* but for a file that it has, too */
    int shrink;
    int reduction;  /* that the decoder may leave out detail for, if it can do so for this file */
    int skip;       /* rows to skip first, if the codec can; their pixels are 0 */
    int left, need; /* columns that are needed, if the codec can leave out others; need 0: all */
    bool accept_damage;
    int64_t max_pixels;
    size_t memory;
} how;

/* A decoded image. `metadata` is a copy; info.head.profile points into it. */
typedef struct {
    ibx_info info;
    ibx_metadata metadata;
    size_t stride; /* bytes per row, packed */
    uint8_t *pixels;
} decoded;

/* Decodes by the codec (JPEG or PNG) that recognises the bytes. With damage accepted *err may
 * hold a warning although the result is true. Free with decoded_free. */
bool decode(blob bytes, how h, decoded *d, ibx_error *err);
void decoded_free(decoded *d);

/* Encodes packed pixels in strips of `strip` rows (0: all). The result is freed with free(). */
bool encode(const ibx_save_job *job, const void *pixels, int strip, blob *out, ibx_error *err);

/* Calls `each` for every file below a folder of the test data (IMBREX_DATA), sorted by name.
 * Returns how many; 0 if the data is not there. */
int for_each_file(const char *folder, void (*each)(const char *path, void *user), void *user);

/* Decodings held against another decoder's. */
typedef struct {
    int same, refused, differ;
} tally;

/* Is this the picture of w x h pixels in packed rows of `stride` bytes? */
bool decoded_is(const decoded *d, int w, int h, size_t stride, const uint8_t *pixels);

/* Counts one: whether the codec delivered a picture, and whether the other decoder agrees. */
void tally_add(tally *t, bool delivered, bool agreed);

/* Calls `each` with a tally for every file below these folders (NULL-terminated) of the test data.
 * The test fails if any differs or no more than `least` are the same, and is skipped without
 * data. */
void tally_folders(const char *const *folders, const char *decoder, int least,
                   void (*each)(const char *path, void *tally));

/* The path of the test data. */
const char *data_folder(void);

#endif
