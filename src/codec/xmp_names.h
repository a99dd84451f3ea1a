/* xmp_names.h - the properties in a packet by name space, whatever their prefixes are. Private to
 * xmp.c and xmp_copyright.c. */
#ifndef IBX_CODEC_XMP_NAMES_H
#define IBX_CODEC_XMP_NAMES_H

#include "codec/stream.h"
#include "codec/xml.h"

typedef enum {
    IBX_XMP_UNKNOWN,
    IBX_XMP_TIFF,
    IBX_XMP_EXIF,
    IBX_XMP_BASIC,
    IBX_XMP_DC,
    IBX_XMP_RIGHTS,
    IBX_XMP_PHOTOSHOP,
    IBX_XMP_SPACES
} ibx_xmp_space;

/* The URI of a name space. */
const char *ibx_xmp_uri(ibx_xmp_space space);

/* Prefixes and what they stand for. A prefix means the same everywhere in a packet; one that does
 * not may cost a property, which is the safe side. */
enum { IBX_XMP_PREFIXES = 32 };
typedef struct {
    int count;
    struct {
        ibx_piece prefix;
        ibx_xmp_space space;
    } prefix[IBX_XMP_PREFIXES];
} ibx_xmp_names;

/* Reads the whole packet once. False if it is not well-formed or holds no element. */
bool ibx_xmp_names_read(ibx_xmp_names *names, ibx_piece packet);

/* The name space of a name, and in *local the part behind its prefix. */
ibx_xmp_space ibx_xmp_lookup(const ibx_xmp_names *names, ibx_piece name, ibx_piece *local);

static inline bool ibx_piece_is(ibx_piece piece, const char *word) {
    return piece.size == strlen(word) && memcmp(piece.at, word, piece.size) == 0;
}

/* Appends to a text under construction. False without memory. */
static inline bool ibx_put_piece(ibx_memory_sink *to, ibx_piece piece) {
    return to->sink.write(&to->sink, piece.at, piece.size, NULL);
}
static inline bool ibx_put_word(ibx_memory_sink *to, const char *word) {
    return to->sink.write(&to->sink, word, strlen(word), NULL);
}

#endif
