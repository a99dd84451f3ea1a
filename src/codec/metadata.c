/* metadata.c - what travels from input to output, and what a policy leaves of it. */
#include "codec/metadata.h"
#include "codec/exif.h"
#include "codec/xmp.h"
#include <lcms2.h>
#include <stdlib.h>
#include <wchar.h>

void ibx_metadata_free(ibx_metadata *m) {
    ibx_bytes *all[] = {&m->exif, &m->xmp, &m->iptc, &m->profile};
    for (int i = 0; i < 4; i++) {
        free((void *)all[i]->data);
        *all[i] = (ibx_bytes){NULL, 0};
    }
}

bool ibx_metadata_set(ibx_bytes *field, const void *data, size_t size) {
    void *copy = size ? malloc(size) : NULL;
    if (size && !copy) return false;
    if (size) memcpy(copy, data, size);
    free((void *)field->data);
    *field = (ibx_bytes){copy, size};
    return true;
}

/* ---- questions ---------------------------------------------------------------------------- */

int ibx_metadata_orientation(const ibx_metadata *m) {
    ibx_exif e;
    if (!ibx_exif_open(&e, m->exif.data, m->exif.size)) return 1;
    const uint32_t v = ibx_exif_number(&e, IBX_EXIF_ORIENTATION, 1);
    return v >= 1 && v <= 8 ? (int)v : 1;
}

bool ibx_metadata_density(const ibx_metadata *m, ibx_density *density) {
    enum { INCH = 2, CENTIMETRE = 3 };
    ibx_exif e;
    if (!ibx_exif_open(&e, m->exif.data, m->exif.size)) return false;
    const uint32_t unit = ibx_exif_number(&e, IBX_EXIF_RESOLUTION_UNIT, INCH);
    const double x = ibx_exif_fraction(&e, IBX_EXIF_X_RESOLUTION) + 0.5;
    const double y = ibx_exif_fraction(&e, IBX_EXIF_Y_RESOLUTION) + 0.5;
    if ((unit != INCH && unit != CENTIMETRE) || x < 1 || y < 1 || x >= 65536 || y >= 65536)
        return false;
    *density = (ibx_density){(uint16_t)x, (uint16_t)y, unit == CENTIMETRE};
    return true;
}

/* ---- profiles ----------------------------------------------------------------------------- */

bool ibx_profile_fits(ibx_bytes profile, ibx_model model) {
    enum { HEADER = 128, SPACE_AT = 16, SIGNATURE_AT = 36 };
    const char *space = model == IBX_GRAY ? "GRAY" : model == IBX_RGB ? "RGB " : "CMYK";
    const uint8_t *p = profile.data;
    if (profile.size < HEADER + 4) return false;
    const size_t stated = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    return stated <= profile.size && memcmp(p + SIGNATURE_AT, "acsp", 4) == 0 &&
           memcmp(p + SPACE_AT, space, 4) == 0;
}

/* UTF-8 of one character; returns its bytes. */
static size_t encode_utf8(uint32_t c, char to[4]) {
    if (c >= 0x110000 || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
    const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t LEAD[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, c >>= 6) to[i] = (char)(0x80 | (c & 63));
    to[0] = (char)(LEAD[n] | c);
    return n;
}

void ibx_profile_name(ibx_bytes profile, char *text, size_t size) {
    wchar_t wide[128] = L"";
    size_t length = 0;
    if (!size) return;
    text[0] = '\0';
    if (!profile.size || profile.size > UINT32_MAX) return;
    cmsHPROFILE p = cmsOpenProfileFromMem(profile.data, (cmsUInt32Number)profile.size);
    if (!p) return;
    cmsGetProfileInfo(p, cmsInfoDescription, "en", "US", wide, sizeof wide);
    cmsCloseProfile(p);
    for (int i = 0; i < 127 && wide[i]; i++) {
        char bytes[4];
        const size_t n = encode_utf8((uint32_t)wide[i], bytes);
        if (length + n >= size) break;
        memcpy(text + length, bytes, n);
        length += n;
    }
    text[length] = '\0';
}

/* ---- policies ----------------------------------------------------------------------------- */

/* A record of IPTC-IIM (version 4.2, part I): marker 0x1C, record, data set, size, data. Gives its
 * length with the header, or 0 if there is none. */
static size_t iptc_record(const uint8_t *p, size_t n) {
    if (n < 5 || p[0] != 0x1C) return 0;
    size_t head = 5, size = (size_t)p[3] << 8 | p[4];
    if (size & 0x8000) { /* the size of the size, then the size */
        const size_t wide = size & 0x7FFF;
        if (wide > 4 || n < head + wide) return 0;
        size = 0;
        for (size_t i = 0; i < wide; i++) size = size << 8 | p[head + i];
        head += wide;
    }
    return size <= n - head ? head + size : 0;
}

/* Character set, version, by-line, credit, copyright notice. */
static bool states_rights(const uint8_t *p) {
    const int data_set = p[1] << 8 | p[2];
    return data_set == 0x015A || data_set == 0x0200 || data_set == 0x0250 || data_set == 0x026E ||
           data_set == 0x0274;
}

/* All records, or only those that state rights. What follows the last good record goes. */
static bool keep_iptc(ibx_bytes in, bool rights_only, ibx_bytes *out) {
    const uint8_t *p = in.data;
    *out = (ibx_bytes){0};
    if (!in.size) return true;
    uint8_t *kept = malloc(in.size);
    size_t left = in.size, size = 0, n;
    if (!kept) return false;
    for (; (n = iptc_record(p, left)) != 0; p += n, left -= n) {
        if (rights_only && !states_rights(p)) continue;
        memcpy(kept + size, p, n);
        size += n;
    }
    if (!size) {
        free(kept);
        kept = NULL;
    }
    *out = (ibx_bytes){kept, size};
    return true;
}

static bool edit_exif(ibx_bytes in, const ibx_xmp_edits *edits, ibx_bytes *out) {
    ibx_exif e;
    if (!ibx_exif_open(&e, in.data, in.size)) return true;
    if (!ibx_metadata_set(out, in.data, in.size)) return false;
    ibx_exif_open(&e, out->data, out->size);
    ibx_exif_set_size(&e, edits->w, edits->h);
    if (edits->drop_gps) ibx_exif_drop_gps(&e);
    ibx_exif_drop_thumbnail(&e);
    /* Last, because in a hostile block the other changes may hit the orientation. */
    if (edits->upright) ibx_exif_set_upright(&e);
    out->size = e.size;
    return true;
}

static bool copyright_only(const ibx_metadata *in, ibx_metadata *out) {
    ibx_exif e;
    if (ibx_exif_open(&e, in->exif.data, in->exif.size) && !ibx_exif_copyright(&e, &out->exif))
        return false;
    return ibx_xmp_copyright(in->xmp, &out->xmp) && keep_iptc(in->iptc, true, &out->iptc);
}

bool ibx_metadata_apply(ibx_keep policy, bool upright, int w, int h, const ibx_metadata *in,
                        ibx_metadata *out, ibx_error *err) {
    const ibx_xmp_edits edits = {
        .upright = upright, .w = w, .h = h, .drop_gps = policy == IBX_META_NO_GPS};
    *out = (ibx_metadata){0};
    bool ok = true;
    if (policy == IBX_META_COPYRIGHT)
        ok = copyright_only(in, out);
    else if (policy != IBX_META_NONE)
        ok = edit_exif(in->exif, &edits, &out->exif) && ibx_xmp_edit(in->xmp, &edits, &out->xmp) &&
             keep_iptc(in->iptc, false, &out->iptc);
    if (ok) return true;
    ibx_metadata_free(out);
    return ibx_fail(err, IBX_MEMORY, "no memory for metadata");
}
