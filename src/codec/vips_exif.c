/* vips_exif.c - see vips_exif.h. A directory is a count of entries, the entries (tag, type, count,
 * value or its position), and the position of the next directory.
 *
 * libtiff could write the directories, too, but only tags that it knows, and each by a call with
 * arguments of the tag's own types; and it would write the image's directory anew from what it
 * understood of it. Entries that are copied as they are need no knowledge of tags. */
#include "codec/vips_exif.h"
#include "codec/vips.h"
#include <unistd.h>

/* More entries than that no directory of an image has. */
#define MOST_ENTRIES 1024

/* Of a block, but for the image's directory, and of what is appended to a file. A marker of JPEG
 * holds 64 KB. */
#define MOST_OF_BLOCK ((size_t)60000)
#define MOST_OF_FILE ((size_t)16 << 20)

enum { TYPE_LONG = 4, TYPE_LONG8 = 16 };

/* Numbers per value and bytes per number, of the types 1 to 12. Others hold positions, or are not
 * of EXIF. */
static const struct {
    uint8_t numbers, bytes;
} TYPES[] = {{0, 0}, {1, 1}, {1, 1}, {1, 2}, {1, 4}, {2, 4}, {1, 1},
             {1, 1}, {1, 2}, {1, 4}, {2, 4}, {1, 4}, {1, 8}};

/* How numbers are written in a structure. */
typedef struct {
    bool big_endian; /* "MM" */
    bool wide;       /* BigTIFF */
} form;

/* One to read from. */
typedef struct {
    const ibx_source *source;
    form form;
} structure;

/* One to write to, from a position in it on. */
typedef struct {
    form form;
    uint64_t base;     /* position of the first byte; even */
    GByteArray *bytes; /* from there on */
    size_t most;       /* of them */
} tail;

typedef struct {
    uint16_t tag, type;
    uint64_t count;
    uint8_t value[8]; /* as in the structure */
} entry;

/* ---- numbers ------------------------------------------------------------------------------- */

static uint64_t get(const uint8_t *p, size_t bytes, form f) {
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << 8 * (f.big_endian ? bytes - 1 - i : i);
    return v;
}

static void put(uint8_t *p, size_t bytes, form f, uint64_t v) {
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> 8 * (f.big_endian ? bytes - 1 - i : i));
}

/* Bytes of a position, and of what fits into an entry. */
static size_t word(form f) {
    return f.wide ? 8 : 4;
}

static size_t count_size(form f) {
    return f.wide ? 8 : 2;
}

static size_t entry_size(form f) {
    return 4 + 2 * word(f);
}

static void swap(uint8_t *data, size_t size, size_t width) {
    for (uint8_t *p = data; p < data + size; p += width)
        for (size_t i = 0; i < width / 2; i++) {
            const uint8_t byte = p[i];
            p[i] = p[width - 1 - i];
            p[width - 1 - i] = byte;
        }
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Position of the first directory; 0: this is no TIFF. */
static uint64_t open_structure(structure *s, const ibx_source *source) {
    enum { CLASSIC = 42, BIG = 43 };
    uint8_t head[16];
    *s = (structure){.source = source};
    if (!ibx_source_fetch(source, 0, 8, head)) return 0;
    s->form.big_endian = head[0] == 'M';
    if (memcmp(head, s->form.big_endian ? "MM" : "II", 2) != 0) return 0;
    const uint64_t version = get(head + 2, 2, s->form);
    if (version == CLASSIC) return get(head + 4, 4, s->form);
    if (version != BIG || !ibx_source_fetch(source, 8, 8, head + 8)) return 0;
    s->form.wide = true;
    return get(head + 8, 8, s->form);
}

static entry entry_at(const uint8_t *p, form f) {
    entry e = {.tag = (uint16_t)get(p, 2, f),
               .type = (uint16_t)get(p + 2, 2, f),
               .count = get(p + 4, word(f), f)};
    memcpy(e.value, p + 4 + word(f), word(f));
    return e;
}

/* The entries of a directory, none if they are not all there, and the position of the next
 * directory or 0. */
static GArray *read_directory(const structure *s, uint64_t at, uint64_t *next) {
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(entry));
    const form f = s->form;
    uint8_t number[8];
    *next = 0;
    if (!at || !ibx_source_fetch(s->source, at, count_size(f), number)) return entries;
    const uint64_t n = get(number, count_size(f), f);
    if (n > MOST_ENTRIES) return entries;
    const size_t size = (size_t)n * entry_size(f);
    uint8_t *table = g_malloc(size + 1);
    at += count_size(f);
    if (ibx_source_fetch(s->source, at, size, table))
        for (size_t i = 0; i < n; i++) {
            const entry e = entry_at(table + i * entry_size(f), f);
            g_array_append_val(entries, e);
        }
    if (entries->len == n && ibx_source_fetch(s->source, at + size, word(f), number))
        *next = get(number, word(f), f);
    g_free(table);
    return entries;
}

static const entry *find(const GArray *entries, uint16_t tag) {
    for (guint i = 0; i < entries->len; i++)
        if (g_array_index(entries, entry, i).tag == tag) return &g_array_index(entries, entry, i);
    return NULL;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Room for so many bytes at an even position, which is returned; 0: there is no more. */
static uint64_t reserve(tail *t, size_t size) {
    const size_t at = (t->bytes->len + 1) & ~(size_t)1;
    if (size > t->most || at > t->most - size) return 0;
    const size_t before = t->bytes->len;
    g_byte_array_set_size(t->bytes, (guint)(at + size));
    memset(t->bytes->data + before, 0, at + size - before);
    return t->base + at;
}

static uint8_t *at_position(const tail *t, uint64_t position) {
    return t->bytes->data + (position - t->base);
}

static int by_tag(const void *a, const void *b) {
    return (int)((const entry *)a)->tag - (int)((const entry *)b)->tag;
}

/* Writes a directory, with its entries in the order of their tags. Its position, or 0. */
static uint64_t write_directory(tail *t, GArray *entries, uint64_t next) {
    const form f = t->form;
    const size_t size = count_size(f) + entries->len * entry_size(f) + word(f);
    const uint64_t position = reserve(t, size);
    if (!position) return 0;
    g_array_sort(entries, by_tag);
    uint8_t *p = at_position(t, position);
    put(p, count_size(f), f, entries->len);
    p += count_size(f);
    for (guint i = 0; i < entries->len; i++, p += entry_size(f)) {
        const entry *e = &g_array_index(entries, entry, i);
        put(p, 2, f, e->tag);
        put(p + 2, 2, f, e->type);
        put(p + 4, word(f), f, e->count);
        memcpy(p + 4 + word(f), e->value, word(f));
    }
    put(p, word(f), f, next);
    return position;
}

/* ---- copying ------------------------------------------------------------------------------- */

/* Copies the values of an entry from one structure to the other. False if that cannot be done. */
static bool copy_values(const structure *from, const entry *e, tail *to, entry *copy) {
    if (e->type >= G_N_ELEMENTS(TYPES) || !TYPES[e->type].bytes || !e->count) return false;
    const size_t width = TYPES[e->type].bytes, each = width * TYPES[e->type].numbers;
    if (e->count > to->most / each) return false;
    const size_t size = (size_t)e->count * each, before = to->bytes->len;
    *copy = (entry){e->tag, e->type, e->count, {0}};
    uint8_t *data = copy->value;
    if (size > word(to->form)) {
        const uint64_t position = reserve(to, size);
        if (!position) return false;
        put(copy->value, word(to->form), to->form, position);
        data = at_position(to, position);
    }
    if (size <= word(from->form)) {
        memcpy(data, e->value, size);
    } else if (!ibx_source_fetch(from->source, get(e->value, word(from->form), from->form), size,
                                 data)) {
        g_byte_array_set_size(to->bytes, (guint)before);
        return false;
    }
    if (from->form.big_endian != to->form.big_endian) swap(data, size, width);
    return true;
}

/* The kinds of directories: of the image, of the photograph, and those that point at no others. */
typedef enum { IMAGE, PHOTOGRAPH, LEAF } kind;

static const struct {
    kind in, kind;
    uint16_t tag;
} POINTERS[] = {
    {IMAGE, PHOTOGRAPH, 0x8769}, /* Exif */
    {IMAGE, LEAF, 0x8825},       /* GPS */
    {PHOTOGRAPH, LEAF, 0xA005},  /* interoperability */
};

/* Of the image's directory: what EXIF adds to TIFF there, and the XP tags of Windows. What says how
 * pixels are stored is not for others. */
static const uint16_t IMAGE_TAGS[] = {
    0x10E,                                  /* ImageDescription */
    0x10F,  0x110,                          /* Make, Model */
    0x112,                                  /* Orientation */
    0x11A,  0x11B,  0x128,                  /* XResolution, YResolution, ResolutionUnit */
    0x131,  0x132,                          /* Software, DateTime */
    0x13B,  0x13C,                          /* Artist, HostComputer */
    0x4746, 0x8298,                         /* Rating, Copyright */
    0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F, /* XPTitle, -Comment, -Author, -Keywords, -Subject */
};

static bool belongs(kind in, uint16_t tag) {
    for (size_t i = 0; i < G_N_ELEMENTS(POINTERS); i++)
        if (POINTERS[i].tag == tag) return false;
    for (size_t i = 0; in == IMAGE && i < G_N_ELEMENTS(IMAGE_TAGS); i++)
        if (IMAGE_TAGS[i] == tag) return true;
    return in != IMAGE;
}

static void copy_directory(const structure *from, uint64_t at, tail *to, kind in, GArray *made);

/* Copies the directory that an entry points at. The recursion ends with the kinds. */
static void copy_below(const structure *from, const entry *e, tail *to, kind in, GArray *made) {
    GArray *below = g_array_new(FALSE, FALSE, sizeof(entry));
    const size_t bytes = e->type == TYPE_LONG || !from->form.wide ? 4 : 8;
    copy_directory(from, get(e->value, bytes, from->form), to, in, below);
    const uint64_t position = below->len ? write_directory(to, below, 0) : 0;
    if (position) {
        entry copy = {.tag = e->tag, .type = to->form.wide ? TYPE_LONG8 : TYPE_LONG, .count = 1};
        put(copy.value, word(to->form), to->form, position);
        g_array_append_val(made, copy);
    }
    g_array_free(below, TRUE);
}

/* Adds to `made` copies of what a directory has and `made` has not. */
static void copy_directory(const structure *from, uint64_t at, tail *to, kind in, GArray *made) {
    uint64_t next;
    GArray *there = read_directory(from, at, &next);
    for (guint i = 0; i < there->len; i++) {
        const entry *e = &g_array_index(there, entry, i);
        entry copy;
        if (belongs(in, e->tag) && !find(made, e->tag) && copy_values(from, e, to, &copy))
            g_array_append_val(made, copy);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(POINTERS); i++) {
        const entry *e = POINTERS[i].in == in ? find(there, POINTERS[i].tag) : NULL;
        if (e && !find(made, e->tag)) copy_below(from, e, to, POINTERS[i].kind, made);
    }
    g_array_free(there, TRUE);
}

/* ---- blocks and files ---------------------------------------------------------------------- */

static void write_header(tail *t, uint64_t first) {
    memcpy(t->bytes->data, t->form.big_endian ? "MM\0*" : "II*\0", 4);
    put(t->bytes->data + 4, 4, t->form, first);
}

bool ibx_vips_exif_read(const ibx_source *tiff, ibx_bytes *exif, ibx_error *err) {
    structure s;
    const uint64_t first = tiff->size > 0 ? open_structure(&s, tiff) : 0;
    if (!first) return true;
    tail t = {.form = {.big_endian = s.form.big_endian},
              .bytes = g_byte_array_new(),
              .most = MOST_OF_BLOCK};
    GArray *made = g_array_new(FALSE, FALSE, sizeof(entry));
    g_byte_array_set_size(t.bytes, 8);
    copy_directory(&s, first, &t, IMAGE, made);
    t.most = SIZE_MAX;
    bool fine = true;
    if (made->len) {
        write_header(&t, write_directory(&t, made, 0));
        fine = ibx_metadata_set(exif, t.bytes->data, t.bytes->len);
    }
    g_array_free(made, TRUE);
    g_byte_array_free(t.bytes, TRUE);
    return fine || ibx_fail(err, IBX_MEMORY, "%s: no memory for its metadata", tiff->name);
}

/* Writes what was made behind the file, and then lets its header point there. */
static bool write_tail(int fd, const tail *t, uint64_t first, ibx_error *err) {
    const form f = t->form;
    uint8_t position[8];
    if (!f.wide && t->base + t->bytes->len > UINT32_MAX)
        return ibx_fail(err, IBX_USAGE,
                        "save:tiff: EXIF has no room below the 4 GB of a TIFF; add bigtiff=yes");
    put(position, word(f), f, first);
    return ibx_vips_write_at(fd, t->bytes->data, t->bytes->len, (off_t)t->base, err) &&
           ibx_vips_write_at(fd, position, word(f), (off_t)word(f), err);
}

bool ibx_vips_exif_append(int fd, ibx_bytes exif, ibx_error *err) {
    const ibx_source file = {.name = "the TIFF", .size = lseek(fd, 0, SEEK_END), .fd = fd};
    ibx_memory_source memory;
    ibx_memory_source_init(&memory, "EXIF", exif.data, exif.size);
    structure image, block;
    const uint64_t from = exif.size ? open_structure(&block, &memory.source) : 0;
    if (!from) return true;
    uint64_t next, at = open_structure(&image, &file);
    GArray *entries = read_directory(&image, at, &next);
    const guint before = entries->len;
    if (!before) {
        g_array_free(entries, TRUE);
        return ibx_fail(err, IBX_BUG, "save:tiff: the file has no directory");
    }
    tail t = {.form = image.form,
              .base = ((uint64_t)file.size + 1) & ~(uint64_t)1,
              .bytes = g_byte_array_new(),
              .most = MOST_OF_FILE};
    copy_directory(&block, from, &t, IMAGE, entries);
    t.most = SIZE_MAX;
    const bool fine =
        entries->len == before || write_tail(fd, &t, write_directory(&t, entries, next), err);
    g_array_free(entries, TRUE);
    g_byte_array_free(t.bytes, TRUE);
    return fine;
}
