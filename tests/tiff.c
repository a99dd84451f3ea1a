/* tiff.c - TIFF files that are not compressed, written here byte by byte from the specification:
 * both byte orders, both sizes, strips and tiles; read past libvips, or by it where it must be. */
#include "pictures.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    int w, h, planes, bits;
    int tile_w, piece_h; /* tile_w 0: strips of piece_h rows; both 0: one strip */
    bool motorola, big;
    bool inverted; /* gray of which 0 is white */
    int extra;     /* what a last plane is: 1 premultiplied alpha, 2 alpha */
} layout;

/* ---- writing --------------------------------------------------------------------------------- */

static void put(blob *b, size_t at, uint64_t v, int size, bool motorola) {
    for (int i = 0; i < size; i++)
        ((uint8_t *)b->data)[at + (size_t)i] = (uint8_t)(v >> 8 * (motorola ? size - 1 - i : i));
}

static unsigned value_at(const layout *l, int x, int y, int p) {
    const unsigned v = (unsigned)(x * 7 + y * 13 + p * 101 + (x ^ y));
    return l->bits == 8 ? v & 255 : v * 211 & 65535;
}

/* A file that is being written. */
typedef struct {
    blob file;
    const layout *l;
    size_t entry,
        table; /* where the next entry goes, and the next values that do not fit into one */
} writer;

/* Appends an entry of n values of `size` bytes, 2 or 4. */
static void entry(writer *w, int tag, int size, int n, const uint64_t *v) {
    const bool m = w->l->motorola;
    const int field = w->l->big ? 8 : 4;
    const size_t value = w->entry + 4 + (size_t)field;
    size_t to = value;
    put(&w->file, w->entry, (uint64_t)tag, 2, m);
    put(&w->file, w->entry + 2, size == 2 ? 3 : 4, 2, m);
    put(&w->file, w->entry + 4, (uint64_t)n, field, m);
    if (n * size > field) {
        put(&w->file, value, w->table, field, m);
        to = w->table;
        w->table += (size_t)(n * size);
    }
    for (int i = 0; i < n; i++) put(&w->file, to + (size_t)(i * size), v[i], size, m);
    w->entry = value + (size_t)field;
}

static void one(writer *w, int tag, int v) {
    entry(w, tag, 2, 1, (uint64_t[]){(uint64_t)v});
}

/* The samples of a piece; those of tiles that lie outside the image are 0x5a. Backward in the file,
 * with gaps. */
static void write_piece(blob *b, const layout *l, size_t at, int x0, int y0, int w, int h) {
    const size_t bytes = (size_t)l->bits / 8;
    memset((uint8_t *)b->data + at, 0x5a, (size_t)w * (size_t)h * (size_t)l->planes * bytes);
    for (int y = y0; y < y0 + h && y < l->h; y++)
        for (int x = x0; x < x0 + w && x < l->w; x++)
            for (int p = 0; p < l->planes; p++)
                put(b, at + (size_t)(((y - y0) * w + x - x0) * l->planes + p) * bytes,
                    value_at(l, x, y, p), (int)bytes, l->motorola);
}

static void write_directory(writer *w, int n, const uint64_t *place, const uint64_t *size) {
    const layout *l = w->l;
    const uint64_t bits[4] = {(uint64_t)l->bits, (uint64_t)l->bits, (uint64_t)l->bits,
                              (uint64_t)l->bits};
    const size_t begin = w->entry;
    w->entry += l->big ? 8 : 2;
    one(w, 256, l->w);
    entry(w, 257, 4, 1, (uint64_t[]){(uint64_t)l->h});
    entry(w, 258, 2, l->planes, bits);
    one(w, 259, 1);
    one(w, 262, l->inverted ? 0 : l->planes < 3 ? 1 : 2);
    if (!l->tile_w) entry(w, 273, 4, n, place);
    one(w, 277, l->planes);
    if (!l->tile_w && l->piece_h) one(w, 278, l->piece_h);
    if (!l->tile_w) entry(w, 279, 4, n, size);
    one(w, 284, 1);
    if (l->tile_w) {
        one(w, 322, l->tile_w);
        one(w, 323, l->piece_h);
        entry(w, 324, 4, n, place);
        entry(w, 325, 4, n, size);
    }
    if (l->extra) one(w, 338, l->extra);
    put(&w->file, begin, (w->entry - begin) / (l->big ? 20 : 12), l->big ? 8 : 2, l->motorola);
}

static blob tiff(const layout *l) {
    enum { TABLES = 1000, PIXELS = 4000, MOST = 100 };
    const int pw = l->tile_w ? l->tile_w : l->w, ph = l->piece_h ? l->piece_h : l->h;
    const int across = (l->w + pw - 1) / pw, n = across * ((l->h + ph - 1) / ph);
    const size_t pixel = (size_t)(l->planes * l->bits / 8);
    const size_t room = (size_t)pw * (size_t)ph * pixel + 5;
    writer w = {.l = l, .entry = l->big ? 16 : 8, .table = TABLES};
    uint64_t place[MOST], size[MOST];
    w.file.size = PIXELS + (size_t)n * room;
    w.file.data = calloc(1, w.file.size);
    put(&w.file, 0, l->motorola ? 0x4d4d : 0x4949, 2, true);
    put(&w.file, 2, l->big ? 43 : 42, 2, l->motorola);
    put(&w.file, 4, 8, l->big ? 2 : 4, l->motorola); /* big: the size of offsets */
    if (l->big) put(&w.file, 8, 16, 8, l->motorola);
    for (int i = 0; i < n; i++) {
        const int rows = l->tile_w ? ph : ibx_min(ph, l->h - i * ph);
        place[i] = PIXELS + (size_t)(n - 1 - i) * room;
        size[i] = (size_t)pw * (size_t)rows * pixel;
        write_piece(&w.file, l, place[i], i % across * pw, i / across * ph, pw, rows);
    }
    write_directory(&w, n, place, size);
    return w.file;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* libvips is reckoned to hold as many rows as the image has, here; else it is a row of a tile. */
static bool was_plain(const layout *l, const picture *p) {
    const size_t pixels = (size_t)l->w * (size_t)l->h * (size_t)(l->planes * l->bits / 8);
    return p->info.decoder_bytes != pixels + ((size_t)1 << 20);
}

static void check_samples(const layout *l, const picture *p) {
    assert_int_equal(p->info.head.w, l->w);
    assert_int_equal(p->info.head.h, l->h);
    assert_int_equal(ibx_planes(&p->info.head), l->planes);
    for (int i = 0; i < l->w * l->h * l->planes; i++) {
        const int x = i / l->planes % l->w, y = i / l->planes / l->w;
        const unsigned is = l->bits == 8 ? p->pixels[i] : ((const uint16_t *)(void *)p->pixels)[i];
        if (is != value_at(l, x, y, i % l->planes))
            fail_msg("%d x %d, %d x %d bits, pieces %d x %d%s%s: %u at %d,%d", l->w, l->h,
                     l->planes, l->bits, l->tile_w, l->piece_h, l->motorola ? ", MM" : "",
                     l->big ? ", big" : "", is, x, y);
    }
}

static int file_of(const blob *b) {
    const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd > 0);
    assert_true(write(fd, b->data, b->size) == (ssize_t)b->size);
    return fd;
}

/* In memory and from a file, whole and in strips of odd heights. */
static void check(const layout *l, bool plain) {
    static const int STRIPS[] = {0, 1, 7, 16, 50};
    blob b = tiff(l);
    const int fd = file_of(&b);
    for (size_t i = 0; i < 2 * sizeof STRIPS / sizeof *STRIPS; i++) {
        picture p;
        ibx_error err;
        const ways way = {.strip = STRIPS[i / 2], .fd = i % 2 ? fd : 0};
        if (!picture_read(b, way, &p, &err)) fail_msg("%s", err.text);
        check_samples(l, &p);
        assert_int_equal(was_plain(l, &p), plain);
        free(p.pixels);
    }
    close(fd);
    free(b.data);
}

static void samples_are_read_as_they_stand(void **state) {
    (void)state;
    static const struct {
        int tile_w, piece_h;
    } PIECE[] = {{0, 0}, {0, 1}, {0, 13}, {0, 50}, {16, 16}, {64, 32}, {128, 80}};
    static const struct {
        int planes, bits, extra;
    } KIND[] = {{3, 8, 0}, {1, 8, 0}, {4, 8, 2}, {2, 8, 2}, {3, 16, 0}, {1, 16, 0}};
    for (size_t k = 0; k < sizeof KIND / sizeof *KIND; k++)
        for (size_t i = 0; i < sizeof PIECE / sizeof *PIECE; i++)
            for (int order = 0; order < 4; order++) {
                const layout l = {.w = 83,
                                  .h = 70,
                                  .planes = KIND[k].planes,
                                  .bits = KIND[k].bits,
                                  .extra = KIND[k].extra,
                                  .tile_w = PIECE[i].tile_w,
                                  .piece_h = PIECE[i].piece_h,
                                  .motorola = order % 2,
                                  .big = order / 2};
                check(&l, l.bits == 8 || !l.motorola);
            }
}

/* What needs more than copying goes to libvips. */
static void the_rest_is_left_to_libvips(void **state) {
    (void)state;
    const layout INVERTED = {.w = 40, .h = 30, .planes = 1, .bits = 8, .inverted = true};
    const layout MULTIPLIED = {.w = 40, .h = 30, .planes = 4, .bits = 8, .extra = 1};
    for (int i = 0; i < 2; i++) {
        const layout *l = i ? &MULTIPLIED : &INVERTED;
        blob b = tiff(l);
        picture p;
        ibx_error err;
        assert_true(picture_read(b, (ways){0}, &p, &err));
        assert_false(was_plain(l, &p));
        if (i == 0) assert_int_equal(p.pixels[41], 255 - value_at(&INVERTED, 1, 1, 0));
        free(p.pixels);
        free(b.data);
    }
}

/* Whatever is cut off or wrong in the tables, nothing outside the file is read, and what is there
 * of the pixels is not made up. */
static void damage_is_met(void **state) {
    (void)state;
    const layout l = {.w = 83, .h = 70, .planes = 3, .bits = 8, .tile_w = 32, .piece_h = 32};
    blob b = tiff(&l);
    for (size_t size = 0; size < b.size; size += size < 1200 ? 1 : 1999) {
        blob cut = {.data = malloc(size + 1), .size = size};
        memcpy(cut.data, b.data, size);
        picture p = {0};
        ibx_error err;
        if (size > 8 && picture_read(cut, (ways){.strip = 16}, &p, &err)) check_samples(&l, &p);
        free(p.pixels);
        free(cut.data);
    }
    for (size_t i = 8; i < 1200; i++) {
        picture p = {0};
        ibx_error err;
        blob bad = {.data = malloc(b.size), .size = b.size};
        memcpy(bad.data, b.data, b.size);
        ((uint8_t *)bad.data)[i] ^= 0xff;
        const ways way = {.strip = 16, .limits = {.max_pixels = 100000, .memory = 50000000}};
        picture_read(bad, way, &p, &err);
        free(p.pixels);
        free(bad.data);
    }
    free(b.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_are_read_as_they_stand),
                                       cmocka_unit_test(the_rest_is_left_to_libvips),
                                       cmocka_unit_test(damage_is_met)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
