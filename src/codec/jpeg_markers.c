/* jpeg_markers.c - EXIF, XMP, IPTC and ICC in the markers of a JPEG file.
 *
 *   APP1   "Exif\0\0", TIFF structure                 CIPA DC-008, 4.7.2
 *   APP1   the XMP name space, packet                 XMP specification part 3, 1.1.3
 *   APP2   "ICC_PROFILE\0", number, count, piece      ICC.1, annex B.4 (libjpeg joins them)
 *   APP13  "Photoshop 3.0\0", image resource blocks   "8BIM", id, name, size, data
 *
 * XMP above 64 KB continues in markers of its own; only the first packet is taken, which by that
 * specification is complete in itself. */
#include "codec/jpeg.h"
#include <stdlib.h>

enum { MARKER_ROOM = 65533, IPTC_ID = 0x0404 };

static const char EXIF[] = "Exif\0";
static const char XMP[] = "http://ns.adobe.com/xap/1.0/";
static const char PHOTOSHOP[] = "Photoshop 3.0";
static const uint8_t RESOURCE[] = {'8', 'B', 'I', 'M', IPTC_ID >> 8, IPTC_ID & 255, 0, 0};

/* ---- reading ------------------------------------------------------------------------------ */

void ibx_jpeg_markers_save(j_decompress_ptr jpeg) {
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xFFFF);
    jpeg_save_markers(jpeg, JPEG_APP0 + 13, 0xFFFF);
}

/* Is this marker APPn with that signature? Then *rest is what follows it. */
static bool matches(jpeg_saved_marker_ptr m, int app, const char *signature, size_t size,
                    ibx_bytes *rest) {
    if (m->marker != JPEG_APP0 + app || m->data_length < size) return false;
    if (memcmp(m->data, signature, size) != 0) return false;
    *rest = (ibx_bytes){m->data + size, m->data_length - size};
    return true;
}

static size_t big_endian(const uint8_t *p, int bytes) {
    size_t v = 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | p[i];
    return v;
}

/* The IPTC block among Photoshop's image resources; empty if there is none. */
static ibx_bytes find_iptc(const uint8_t *p, size_t n) {
    while (n >= 12 && memcmp(p, RESOURCE, 4) == 0) {
        const size_t id = big_endian(p + 4, 2);
        const size_t name = (p[6] + 2u) & ~1u; /* length byte and text, padded to even */
        if (n < 6 + name + 4) break;
        const size_t size = big_endian(p + 6 + name, 4);
        const uint8_t *data = p + 6 + name + 4;
        const size_t room = n - (size_t)(data - p);
        if (size > room) break;
        if (id == IPTC_ID) return (ibx_bytes){data, size};
        const size_t step = size + (size & 1) < room ? size + (size & 1) : room;
        p = data + step;
        n = room - step;
    }
    return (ibx_bytes){NULL, 0};
}

/* Joins the APP13 markers, which may cut a resource anywhere, and looks for IPTC in them. */
static bool read_iptc(j_decompress_ptr jpeg, ibx_bytes *iptc) {
    size_t size = 0;
    ibx_bytes piece;
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (matches(m, 13, PHOTOSHOP, sizeof PHOTOSHOP, &piece)) size += piece.size;
    if (!size) return true;

    uint8_t *all = malloc(size);
    if (!all) return false;
    size = 0;
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (matches(m, 13, PHOTOSHOP, sizeof PHOTOSHOP, &piece)) {
            if (piece.size) memcpy(all + size, piece.data, piece.size);
            size += piece.size;
        }
    const ibx_bytes found = find_iptc(all, size);
    const bool ok = !found.size || ibx_metadata_set(iptc, found.data, found.size);
    free(all);
    return ok;
}

static bool read_profile(j_decompress_ptr jpeg, ibx_model model, ibx_bytes *profile) {
    JOCTET *data = NULL;
    unsigned size = 0;
    bool ok = true;
    if (jpeg_read_icc_profile(jpeg, &data, &size) &&
        ibx_profile_fits((ibx_bytes){data, size}, model))
        ok = ibx_metadata_set(profile, data, size);
    free(data);
    return ok;
}

/* The first of each kind counts. */
bool ibx_jpeg_markers_read(j_decompress_ptr jpeg, ibx_model model, ibx_metadata *m) {
    bool ok = read_iptc(jpeg, &m->iptc) && read_profile(jpeg, model, &m->profile);
    for (jpeg_saved_marker_ptr i = jpeg->marker_list; i && ok; i = i->next) {
        ibx_bytes rest;
        if (!m->exif.size && matches(i, 1, EXIF, sizeof EXIF, &rest))
            ok = ibx_metadata_set(&m->exif, rest.data, rest.size);
        else if (!m->xmp.size && matches(i, 1, XMP, sizeof XMP, &rest))
            ok = ibx_metadata_set(&m->xmp, rest.data, rest.size);
    }
    return ok;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void put(j_compress_ptr jpeg, const void *data, size_t size) {
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++) jpeg_write_m_byte(jpeg, p[i]);
}

/* A marker of signature and block, if both fit into one. */
static void write_marker(j_compress_ptr jpeg, int app, const char *signature, size_t length,
                         ibx_bytes block) {
    if (!block.size || length + block.size > MARKER_ROOM) return;
    jpeg_write_m_header(jpeg, JPEG_APP0 + app, (unsigned)(length + block.size));
    put(jpeg, signature, length);
    put(jpeg, block.data, block.size);
}

/* The block as an image resource without a name, cut into as many markers as it takes. */
static void write_iptc(j_compress_ptr jpeg, ibx_bytes iptc) {
    if (!iptc.size || iptc.size > UINT32_MAX) return;
    uint8_t head[sizeof RESOURCE + 4];
    memcpy(head, RESOURCE, sizeof RESOURCE);
    for (int i = 0; i < 4; i++) head[sizeof RESOURCE + i] = (uint8_t)(iptc.size >> (24 - 8 * i));

    const uint8_t *data = iptc.data;
    size_t left = iptc.size, start = sizeof head;
    while (left || start) {
        const size_t room = MARKER_ROOM - sizeof PHOTOSHOP - start - 1;
        const size_t part = left < room ? left : room;
        const bool pad = part == left && (iptc.size & 1);
        jpeg_write_m_header(jpeg, JPEG_APP0 + 13,
                            (unsigned)(sizeof PHOTOSHOP + start + part + pad));
        put(jpeg, PHOTOSHOP, sizeof PHOTOSHOP);
        put(jpeg, head, start);
        put(jpeg, data, part);
        if (pad) put(jpeg, "", 1);
        data += part;
        left -= part;
        start = 0;
    }
}

void ibx_jpeg_markers_write(j_compress_ptr jpeg, const ibx_metadata *m, ibx_bytes profile) {
    if (m) write_marker(jpeg, 1, EXIF, sizeof EXIF, m->exif);
    if (m) write_marker(jpeg, 1, XMP, sizeof XMP, m->xmp);
    /* 255 markers of 65519 bytes are all that the ICC's numbering allows. */
    if (profile.size && profile.size <= 255 * 65519)
        jpeg_write_icc_profile(jpeg, profile.data, (unsigned)profile.size);
    if (m) write_iptc(jpeg, m->iptc);
}
