/* png_metadata.c - EXIF and XMP in the chunks of a PNG file.
 *
 *   eXIf   a TIFF structure                                            W3C PNG, 11.3.4.6
 *   iTXt   keyword "XML:com.adobe.xmp", compressed or not, packet      XMP specification part 3 */
#include "codec/png.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <unistd.h>

static const char XMP[] = "XML:com.adobe.xmp";

/* A compressed packet may grow to this. */
enum { XMP_MAX = 16 << 20 };

/* Chunks that are looked at behind the pixels; more is an attack, or so small that it is one. */
enum { CHUNKS_MAX = 50000, LATE_MAX = 16 << 20 };

static bool inflate_xmp(ibx_metadata *m, const uint8_t *data, size_t size) {
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    bool ok = d != NULL;
    for (size_t room = 64 << 10; ok && room <= XMP_MAX; room *= 4) {
        size_t got = 0;
        uint8_t *text = malloc(room);
        ok = text != NULL;
        const enum libdeflate_result result =
            ok ? libdeflate_zlib_decompress(d, data, size, text, room, &got) : LIBDEFLATE_BAD_DATA;
        if (result == LIBDEFLATE_SUCCESS) ok = ibx_metadata_set(&m->xmp, text, got);
        free(text);
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE) break;
    }
    libdeflate_free_decompressor(d);
    return ok;
}

/* Keyword, compression flag and method, language, translated keyword, text. */
static bool take_xmp(ibx_metadata *m, const uint8_t *data, size_t size) {
    const size_t fixed = sizeof XMP + 2;
    if (m->xmp.size || size < fixed || memcmp(data, XMP, sizeof XMP) != 0) return true;
    const bool compressed = data[sizeof XMP] == 1;
    const uint8_t *p = data + fixed, *end = data + size;
    for (int skipped = 0; skipped < 2; skipped++) {
        const uint8_t *nul = memchr(p, 0, (size_t)(end - p));
        if (!nul) return true;
        p = nul + 1;
    }
    if (compressed) return inflate_xmp(m, p, (size_t)(end - p));
    return p == end || ibx_metadata_set(&m->xmp, p, (size_t)(end - p));
}

bool ibx_png_take_metadata(ibx_metadata *m, const char *type, const uint8_t *data, size_t size) {
    if (memcmp(type, "eXIf", 4) == 0 && size && !m->exif.size) {
        /* Some programs leave JPEG's prefix on it. */
        const size_t prefix = size > 6 && memcmp(data, "Exif\0\0", 6) == 0 ? 6 : 0;
        return ibx_metadata_set(&m->exif, data + prefix, size - prefix);
    }
    if (memcmp(type, "iTXt", 4) == 0) return take_xmp(m, data, size);
    return true;
}

/* ---- behind the pixels -------------------------------------------------------------------- */

/* Copies bytes at a position of the file; false if it has no such bytes. */
static bool peek(const ibx_source *s, int64_t at, void *to, size_t size) {
    if (s->whole) {
        if (at > s->size || (int64_t)size > s->size - at) return false;
        memcpy(to, s->whole + at, size);
        return true;
    }
    return s->fd >= 0 && pread(s->fd, to, size, at) == (ssize_t)size;
}

/* Takes the chunk of which the header is at `at`, if its checksum is right. */
static void take_late(const ibx_source *s, ibx_metadata *m, int64_t at, uint32_t size) {
    uint8_t *chunk = malloc((size_t)size + 8); /* type, data, checksum */
    if (chunk && peek(s, at + 4, chunk, (size_t)size + 8) &&
        libdeflate_crc32(0, chunk, (size_t)size + 4) == ibx_png_number(chunk + 4 + size))
        ibx_png_take_metadata(m, (const char *)chunk, chunk + 4, size);
    free(chunk);
}

/* Walks from chunk to chunk; what is damaged there is found when the pixels are read. */
void ibx_png_late_metadata(const ibx_source *source, ibx_metadata *m) {
    bool behind = false;
    int64_t at = 8;
    for (int i = 0; i < CHUNKS_MAX; i++) {
        uint8_t head[8];
        if (!peek(source, at, head, sizeof head) || memcmp(head + 4, "IEND", 4) == 0) return;
        const uint32_t size = ibx_png_number(head);
        behind |= memcmp(head + 4, "IDAT", 4) == 0;
        if (behind && size <= LATE_MAX &&
            (memcmp(head + 4, "eXIf", 4) == 0 || memcmp(head + 4, "iTXt", 4) == 0))
            take_late(source, m, at, size);
        at += (int64_t)size + 12;
    }
}

/* ---- writing ------------------------------------------------------------------------------ */

void ibx_png_add_metadata(png_structp png, png_infop info, const ibx_metadata *m) {
    if (m->exif.size && m->exif.size <= PNG_UINT_31_MAX)
        png_set_eXIf_1(png, info, (png_uint_32)m->exif.size, (png_bytep)m->exif.data);
    if (!m->xmp.size || m->xmp.size > XMP_MAX) return;
    char *text = malloc(m->xmp.size + 1); /* libpng wants an end and makes a copy */
    if (!text) png_error(png, "no memory for XMP");
    memcpy(text, m->xmp.data, m->xmp.size);
    text[m->xmp.size] = '\0';
    png_text chunk = {.compression = PNG_ITXT_COMPRESSION_NONE,
                      .key = (png_charp)XMP,
                      .text = text,
                      .itxt_length = m->xmp.size,
                      .lang = (png_charp) "",
                      .lang_key = (png_charp) ""};
    png_set_text(png, info, &chunk, 1);
    free(text);
}
