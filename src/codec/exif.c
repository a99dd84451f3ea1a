/* exif.c - see exif.h. The layout is that of TIFF 6.0, section 2: a directory is a count of
 * entries, the entries of 12 bytes (tag, type, count, value or its position), and the position of
 * the next directory. */
#include "codec/exif.h"
#include <stdlib.h>

enum { ENTRY = 12, TYPE_BYTE = 1, TYPE_ASCII = 2, TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIO = 5 };

enum {
    TAG_WIDTH = 0x100,
    TAG_HEIGHT = 0x101,
    TAG_STRIPS = 0x111,
    TAG_STRIP_SIZES = 0x117,
    TAG_ARTIST = 0x13B,
    TAG_JPEG = 0x201,
    TAG_JPEG_SIZE = 0x202,
    TAG_COPYRIGHT = 0x8298,
    TAG_EXIF = 0x8769,
    TAG_GPS = 0x8825,
    TAG_EXIF_WIDTH = 0xA002,
    TAG_EXIF_HEIGHT = 0xA003
};

/* A directory: where its entries begin, and how many of them lie inside the block. */
typedef struct {
    size_t at, count;
    bool complete; /* all that it states are inside */
} directory;

/* ---- numbers ------------------------------------------------------------------------------ */

static uint32_t get(const ibx_exif *e, size_t at, int bytes) {
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint32_t)e->data[at + (size_t)i] << 8 * (e->big ? bytes - 1 - i : i);
    return v;
}

static void put(const ibx_exif *e, size_t at, int bytes, uint32_t v) {
    for (int i = 0; i < bytes; i++)
        e->data[at + (size_t)i] = (uint8_t)(v >> 8 * (e->big ? bytes - 1 - i : i));
}

/* Bytes of one value of a type (TIFF 6.0 and its supplement); 0: no such type. */
static size_t type_size(uint32_t type) {
    static const uint8_t SIZE[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    return type < sizeof SIZE ? SIZE[type] : 0;
}

/* ---- directories -------------------------------------------------------------------------- */

static directory open_directory(const ibx_exif *e, size_t at) {
    directory d = {0};
    if (at < 8 || at + 2 < at || at + 2 > e->size) return d;
    const size_t stated = get(e, at, 2), room = (e->size - at - 2) / ENTRY;
    d.at = at + 2;
    d.count = stated < room ? stated : room;
    d.complete = stated <= room;
    return d;
}

static directory first_directory(const ibx_exif *e) {
    return open_directory(e, get(e, 4, 4));
}

/* Position of the number that says where the next directory is; 0: there is none. */
static size_t next_field(const ibx_exif *e, directory d) {
    const size_t at = d.at + d.count * ENTRY;
    return d.complete && d.at && at + 4 <= e->size ? at : 0;
}

/* Position of the entry with that tag; 0: not there. */
static size_t find(const ibx_exif *e, directory d, uint16_t tag) {
    for (size_t i = 0; i < d.count; i++)
        if (get(e, d.at + i * ENTRY, 2) == tag) return d.at + i * ENTRY;
    return 0;
}

/* Position and size of the values of an entry; false if they lie outside. */
static bool values(const ibx_exif *e, size_t entry, size_t *at, size_t *size) {
    const size_t one = type_size(get(e, entry + 2, 2)), count = get(e, entry + 4, 4);
    *size = one * count;
    if (!one || *size > e->size) return false;
    *at = *size <= 4 ? entry + 8 : get(e, entry + 8, 4);
    return *at <= e->size - *size;
}

/* The directory that a tag of the first directory points at. */
static directory sub_directory(const ibx_exif *e, uint16_t tag) {
    const size_t entry = find(e, first_directory(e), tag);
    return entry ? open_directory(e, get(e, entry + 8, 4)) : (directory){0};
}

/* ---- reading ------------------------------------------------------------------------------ */

bool ibx_exif_open(ibx_exif *e, const void *data, size_t size) {
    *e = (ibx_exif){(uint8_t *)data, size, false};
    if (size < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0)) return false;
    e->big = e->data[0] == 'M';
    return first_directory(e).at != 0;
}

static uint32_t number(const ibx_exif *e, directory d, uint16_t tag, uint32_t otherwise) {
    const size_t entry = find(e, d, tag);
    if (!entry || get(e, entry + 4, 4) != 1) return otherwise;
    switch (get(e, entry + 2, 2)) {
    case TYPE_BYTE:
        return get(e, entry + 8, 1);
    case TYPE_SHORT:
        return get(e, entry + 8, 2);
    case TYPE_LONG:
        return get(e, entry + 8, 4);
    default:
        return otherwise;
    }
}

uint32_t ibx_exif_number(const ibx_exif *e, uint16_t tag, uint32_t otherwise) {
    return number(e, first_directory(e), tag, otherwise);
}

double ibx_exif_fraction(const ibx_exif *e, uint16_t tag) {
    const size_t entry = find(e, first_directory(e), tag);
    size_t at, size;
    if (!entry || get(e, entry + 2, 2) != TYPE_RATIO || !values(e, entry, &at, &size) || size < 8)
        return 0;
    const uint32_t below = get(e, at + 4, 4);
    return below ? (double)get(e, at, 4) / below : 0;
}

ibx_bytes ibx_exif_text(const ibx_exif *e, uint16_t tag) {
    const size_t entry = find(e, first_directory(e), tag);
    size_t at, size;
    if (!entry || get(e, entry + 2, 2) != TYPE_ASCII || !values(e, entry, &at, &size))
        return (ibx_bytes){0};
    while (size && !e->data[at + size - 1]) size--;
    return (ibx_bytes){size ? e->data + at : NULL, size};
}

/* ---- patching ----------------------------------------------------------------------------- */

/* Changes a whole number where it stands. It becomes a LONG if it outgrows a SHORT. */
static void set(ibx_exif *e, directory d, uint16_t tag, uint32_t v) {
    const size_t entry = find(e, d, tag);
    if (!entry || get(e, entry + 4, 4) != 1) return;
    const uint32_t type = get(e, entry + 2, 2);
    if (type == TYPE_BYTE && v <= 255) put(e, entry + 8, 1, v);
    if (type != TYPE_SHORT && type != TYPE_LONG) return;
    const bool is_short = type == TYPE_SHORT && v <= 65535;
    if (!is_short) put(e, entry + 2, 2, TYPE_LONG);
    put(e, entry + 8, is_short ? 2 : 4, v);
}

void ibx_exif_set_upright(ibx_exif *e) {
    set(e, first_directory(e), IBX_EXIF_ORIENTATION, 1);
}

void ibx_exif_set_size(ibx_exif *e, int w, int h) {
    const directory first = first_directory(e), exif = sub_directory(e, TAG_EXIF);
    set(e, first, TAG_WIDTH, (uint32_t)w);
    set(e, first, TAG_HEIGHT, (uint32_t)h);
    set(e, exif, TAG_EXIF_WIDTH, (uint32_t)w);
    set(e, exif, TAG_EXIF_HEIGHT, (uint32_t)h);
}

/* Overwrites with zeros, as far as the block reaches; never its header. */
static void wipe(ibx_exif *e, size_t at, size_t size) {
    if (at < 8 || at >= e->size) return;
    memset(e->data + at, 0, size < e->size - at ? size : e->size - at);
}

/* Overwrites a directory and all values outside its entries. */
static void wipe_directory(ibx_exif *e, directory d) {
    if (!d.at) return;
    for (size_t i = 0; i < d.count; i++) {
        size_t at, size;
        if (values(e, d.at + i * ENTRY, &at, &size) && size > 4) wipe(e, at, size);
    }
    wipe(e, d.at - 2, 2 + d.count * ENTRY + 4);
}

/* Zeros at the end are what is left of a thumbnail there. */
static void cut_wiped(ibx_exif *e, size_t from) {
    size_t size = e->size;
    while (size > from && !e->data[size - 1]) size--;
    e->size = size;
}

void ibx_exif_drop_thumbnail(ibx_exif *e) {
    const directory first = first_directory(e);
    const size_t field = next_field(e, first);
    const size_t second = field ? get(e, field, 4) : 0;
    if (!second) return;
    put(e, field, 4, 0);
    const directory d = open_directory(e, second);
    if (!d.at || second < field + 4) return; /* it leads back: no directory of its own */
    const size_t jpeg = number(e, d, TAG_JPEG, 0), strips = number(e, d, TAG_STRIPS, 0);
    const size_t jpeg_size = number(e, d, TAG_JPEG_SIZE, 0);
    const size_t strip_size = number(e, d, TAG_STRIP_SIZES, 0);
    wipe_directory(e, d);
    if (jpeg > second) wipe(e, jpeg, jpeg_size);
    if (strips > second) wipe(e, strips, strip_size);
    const size_t picture = jpeg > second ? jpeg : strips > second ? strips : 0;
    const size_t length = jpeg > second ? jpeg_size : strip_size;
    if (picture && picture < e->size && length >= e->size - picture) cut_wiped(e, picture);
}

/* Takes an entry out of a directory; those behind it move up, as does the position of the next. */
static void remove_entry(ibx_exif *e, directory d, size_t entry) {
    const size_t end = d.at + d.count * ENTRY + (next_field(e, d) ? 4 : 0);
    memmove(e->data + entry, e->data + entry + ENTRY, end - entry - ENTRY);
    memset(e->data + end - ENTRY, 0, ENTRY);
    put(e, d.at - 2, 2, (uint32_t)(d.count - 1));
}

void ibx_exif_drop_gps(ibx_exif *e) {
    for (;;) {
        const directory d = first_directory(e);
        const size_t entry = find(e, d, TAG_GPS), at = entry ? get(e, entry + 8, 4) : 0;
        if (!entry) return;
        remove_entry(e, d, entry);
        if (at != d.at - 2) wipe_directory(e, open_directory(e, at));
    }
}

/* ---- a new block -------------------------------------------------------------------------- */

static size_t padded(size_t size) {
    return size > 4 ? (size + 1) & ~(size_t)1 : 0;
}

bool ibx_exif_copyright(const ibx_exif *e, ibx_bytes *out) {
    static const uint16_t TAGS[] = {TAG_ARTIST, TAG_COPYRIGHT};
    ibx_bytes text[2];
    size_t count = 0, size = 0;
    for (int i = 0; i < 2; i++) {
        text[i] = ibx_exif_text(e, TAGS[i]);
        count += text[i].size > 0;
        size += text[i].size ? padded(text[i].size + 1) : 0;
    }
    *out = (ibx_bytes){0};
    if (!count) return true;

    size_t entry = 10, value = 10 + count * ENTRY + 4;
    size += value;
    ibx_exif made = {calloc(1, size), size, e->big};
    if (!made.data) return false;
    memcpy(made.data, e->data, 4);
    put(&made, 4, 4, 8);
    put(&made, 8, 2, (uint32_t)count);
    for (int i = 0; i < 2; i++) {
        if (!text[i].size) continue;
        const uint32_t length = (uint32_t)text[i].size + 1; /* with its final zero */
        put(&made, entry, 2, TAGS[i]);
        put(&made, entry + 2, 2, TYPE_ASCII);
        put(&made, entry + 4, 4, length);
        if (padded(length)) put(&made, entry + 8, 4, (uint32_t)value);
        memcpy(made.data + (padded(length) ? value : entry + 8), text[i].data, length - 1);
        value += padded(length);
        entry += ENTRY;
    }
    *out = (ibx_bytes){made.data, size};
    return true;
}
