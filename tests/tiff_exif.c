/* tiff_exif.c - EXIF in TIFF files, written and read by the libvips module. libexif is asked
 * whether what comes back is what was given. */
#include "libexif.h"
#include "pictures.h"
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a block to write ---------------------------------------------------------------------- */

enum { BYTE = 1, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 7, SRATIONAL = 10 };

/* Where the directories of the block are: of the image, the photograph, interoperability, GPS; and
 * where values begin. */
enum { IMAGE = 8, PHOTO = 200, INTEROP = 400, GPS = 440, VALUES = 520 };

typedef struct {
    uint8_t *data;
    bool big_endian;
    size_t directory, entry, value; /* where the present ones are, or go next */
} maker;

static void put(maker *m, size_t at, int bytes, uint64_t v) {
    for (int i = 0; i < bytes; i++)
        m->data[at + (size_t)i] = (uint8_t)(v >> 8 * (m->big_endian ? bytes - 1 - i : i));
}

static void directory(maker *m, size_t at) {
    m->directory = at;
    m->entry = at + 2;
}

/* An entry of numbers of `width` bytes; text and undefined bytes are numbers of one. */
static void entry(maker *m, int tag, int type, uint32_t count, int numbers, int width,
                  const uint64_t *v) {
    const size_t size = (size_t)numbers * (size_t)width;
    put(m, m->entry, 2, (uint64_t)tag);
    put(m, m->entry + 2, 2, (uint64_t)type);
    put(m, m->entry + 4, 4, count);
    size_t at = m->entry + 8;
    if (size > 4) {
        put(m, at, 4, m->value);
        at = m->value;
        m->value += (size + 1) & ~(size_t)1;
    }
    for (int i = 0; i < numbers; i++) put(m, at + (size_t)(i * width), width, v[i]);
    m->entry += 12;
    put(m, m->directory, 2, (m->entry - m->directory - 2) / 12);
}

static void number(maker *m, int tag, int type, uint64_t v) {
    const int width = type == BYTE ? 1 : type == SHORT ? 2 : 4;
    entry(m, tag, type, 1, 1, width, &v);
}

static void text(maker *m, int tag, int type, const char *words, size_t size) {
    uint64_t v[64];
    for (size_t i = 0; i < size; i++) v[i] = (uint8_t)words[i];
    entry(m, tag, type, (uint32_t)size, (int)size, 1, v);
}
#define TEXT(m, tag, type, words) text(m, tag, type, words, sizeof(words))

static void fill_photo(maker *m) {
    directory(m, PHOTO);
    entry(m, 0x829A, RATIONAL, 1, 2, 4, (uint64_t[]){1, 125});
    number(m, 0x8827, SHORT, 200);
    text(m, 0x9000, UNDEFINED, "0232", 4);
    TEXT(m, 0x9003, ASCII, "2020:01:02 03:04:05");
    entry(m, 0x9201, SRATIONAL, 1, 2, 4, (uint64_t[]){(uint64_t)-7, 3});
    text(m, 0x927C, UNDEFINED, "notes of a maker", 17);
    text(m, 0x9286, UNDEFINED, "ASCII\0\0\0hello", 13);
    number(m, 0xA002, LONG, 40);
    number(m, 0xA005, LONG, INTEROP);
    entry(m, 0xA432, RATIONAL, 4, 8, 4, (uint64_t[]){24, 1, 70, 1, 28, 10, 4, 1});
    directory(m, INTEROP);
    TEXT(m, 1, ASCII, "R98");
    text(m, 2, UNDEFINED, "0100", 4);
}

/* Width and strips are not what the file has; nobody must believe them. */
static ibx_bytes make_block(bool big_endian) {
    enum { ROOM = 1000 };
    maker m = {.data = calloc(1, ROOM), .big_endian = big_endian, .value = VALUES};
    memcpy(m.data, big_endian ? "MM\0*" : "II*\0", 4);
    put(&m, 4, 4, IMAGE);
    directory(&m, IMAGE);
    number(&m, 0x100, LONG, 7777);
    TEXT(&m, 0x10E, ASCII, "A hill");
    TEXT(&m, 0x10F, ASCII, "ABC");
    number(&m, 0x111, LONG, 123456);
    entry(&m, 0x11A, RATIONAL, 1, 2, 4, (uint64_t[]){300, 1});
    entry(&m, 0x11B, RATIONAL, 1, 2, 4, (uint64_t[]){300, 1});
    number(&m, 0x128, SHORT, 2);
    TEXT(&m, 0x13B, ASCII, "Ann Example");
    TEXT(&m, 0x8298, ASCII, "Me");
    number(&m, 0x8769, LONG, PHOTO);
    number(&m, 0x8825, LONG, GPS);
    fill_photo(&m);
    directory(&m, GPS);
    TEXT(&m, 1, ASCII, "N");
    entry(&m, 2, RATIONAL, 3, 6, 4, (uint64_t[]){51, 1, 30, 1, 5, 10});
    number(&m, 5, BYTE, 1);
    assert_true(m.value < ROOM);
    return (ibx_bytes){m.data, m.value};
}

/* ---- libexif ------------------------------------------------------------------------------- */

/* What libexif sees of the block, but for those of the pixels: in the directories of the image, the
 * photograph, interoperability, and GPS. */
enum { ENTRIES = 7 + 9 + 2 + 3 };

/* Every entry of one is in the other, with the same values, but for those of the pixels. */
static int compare(ExifData *given, ExifData *back) {
    int n = 0;
    for (int i = 0; i < EXIF_IFD_COUNT; i++)
        for (unsigned k = 0; k < given->ifd[i]->count; k++) {
            char was[200], is[200];
            ExifEntry *e = given->ifd[i]->entries[k];
            ExifEntry *b = exif_content_get_entry(back->ifd[i], e->tag);
            if (e->tag == 0x100 || e->tag == 0x111) {
                assert_null(b);
                continue;
            }
            if (!b) fail_msg("directory %d: tag %x is gone", i, e->tag);
            assert_int_equal(b->format, e->format);
            assert_int_equal(b->components, e->components);
            assert_string_equal(exif_entry_get_value(b, is, sizeof is),
                                exif_entry_get_value(e, was, sizeof was));
            n++;
        }
    return n;
}

/* ---- files --------------------------------------------------------------------------------- */

static blob write_sized(int w, int h, const char *settings, ibx_sample sample, ibx_bytes exif) {
    const ibx_metadata m = {.exif = exif};
    task t = task_of("tiff", settings, w, h, IBX_RGB, false, sample);
    size_t size;
    void *pixels = chart(&t.head, sample, &size);
    blob out = {0};
    ibx_error err = {0};
    t.metadata = &m;
    if (!write_file(&t, pixels, 0, &out, &err)) fail_msg("%s: %s", settings, err.text);
    free(pixels);
    return out;
}

/* Large enough for a pyramid; and as small as can be. */
static blob write_with(const char *settings, ibx_sample sample, ibx_bytes exif) {
    return write_sized(301, 203, settings, sample, exif);
}

static blob write_small(const char *settings, ibx_bytes exif) {
    return write_sized(9, 7, settings, IBX_U8, exif);
}

/* The block that a file is said to have; malloc'd. Empty, too, if it cannot be opened. */
static ibx_bytes block_of(blob file) {
    ibx_source source = {
        .name = "a TIFF", .size = (int64_t)file.size, .fd = -1, .whole = file.data};
    const ibx_decode_limits limits = {.max_pixels = 1000000, .memory = 100000000};
    const ibx_codec *codec = ibx_codec_for_reading(file.data, 64, NULL);
    ibx_info info;
    ibx_bytes block = {0};
    void *d = codec->open(&source, &limits, &info, NULL);
    if (!d) return block;
    const ibx_bytes *exif = &info.metadata.exif;
    if (exif->size)
        block = (ibx_bytes){memcpy(malloc(exif->size), exif->data, exif->size), exif->size};
    codec->close(d);
    return block;
}

static void pixels_are_the_same(blob file, blob as) {
    picture a, b;
    ibx_error err = {0};
    if (!picture_read(file, (ways){0}, &a, &err)) fail_msg("%s", err.text);
    assert_true(picture_read(as, (ways){0}, &b, &err));
    assert_int_equal(a.info.pages, b.info.pages);
    assert_same(&a, &b);
    free(a.pixels);
    free(b.pixels);
}

/* ---- tests --------------------------------------------------------------------------------- */

static void check(const char *settings, ibx_sample sample, bool big_endian) {
    const ibx_bytes given = make_block(big_endian);
    blob with = write_with(settings, sample, given);
    blob without = write_with(settings, sample, (ibx_bytes){0});
    const ibx_bytes back = block_of(with);
    ExifData *g = libexif_read(given), *b = libexif_read(back);
    assert_int_equal(compare(g, b), ENTRIES);
    pixels_are_the_same(with, without);
    exif_data_unref(g);
    exif_data_unref(b);
    free((void *)given.data);
    free((void *)back.data);
    free(with.data);
    free(without.data);
}

static void exif_comes_back(void **state) {
    (void)state;
    static const char *const HOW[] = {
        "compression=none",
        "compression=lzw,tiled=yes",
        "compression=deflate",
        "compression=jpeg",
        "compression=zstd,tiled=yes,bigtiff=yes",
        "pyramid=yes",
        "pyramid=yes,bigtiff=yes",
    };
    for (size_t i = 0; i < sizeof HOW / sizeof *HOW; i++)
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            check(HOW[i], IBX_U8, big_endian);
            if (i != 3) check(HOW[i], IBX_U16, big_endian);
        }
}

/* Nothing is lost or invented on a second way through, from either size of TIFF. */
static void a_second_copy_is_the_same(void **state) {
    (void)state;
    static const char *const HOW[] = {"compression=none", "bigtiff=yes"};
    const ibx_bytes given = make_block(true);
    for (int i = 0; i < 4; i++) {
        blob first = write_with(HOW[i & 1], IBX_U8, given);
        const ibx_bytes once = block_of(first);
        blob second = write_with(HOW[i >> 1], IBX_U8, once);
        const ibx_bytes twice = block_of(second);
        ExifData *a = libexif_read(once), *b = libexif_read(twice);
        const int same = compare(a, b);
        assert_int_equal(same, compare(b, a));
        assert_true(same > 20);
        exif_data_unref(a);
        exif_data_unref(b);
        free(first.data);
        free(second.data);
        free((void *)once.data);
        free((void *)twice.data);
    }
    free((void *)given.data);
}

/* Notes of 100 KB fit into a TIFF, but not into the block for others; the rest does. */
static void what_is_too_large_is_left_out(void **state) {
    (void)state;
    enum { LARGE = 100000 };
    const ibx_bytes small = make_block(false);
    uint8_t *data = calloc(1, small.size + LARGE);
    memcpy(data, small.data, small.size);
    maker m = {.data = data, .value = small.size};
    m.entry = PHOTO + 2 + 5 * 12; /* of the notes */
    put(&m, m.entry + 4, 4, LARGE);
    put(&m, m.entry + 8, 4, small.size);
    memset(data + small.size, 0xA7, LARGE);
    blob file = write_with("compression=none", IBX_U8, (ibx_bytes){data, small.size + LARGE});
    assert_non_null(memmem(file.data, file.size, data + small.size, LARGE));
    const ibx_bytes back = block_of(file);
    ExifData *d = libexif_read(back);
    assert_true(back.size < 60000);
    assert_null(exif_content_get_entry(d->ifd[EXIF_IFD_EXIF], EXIF_TAG_MAKER_NOTE));
    assert_non_null(exif_content_get_entry(d->ifd[EXIF_IFD_EXIF], EXIF_TAG_USER_COMMENT));
    assert_non_null(exif_content_get_entry(d->ifd[EXIF_IFD_0], EXIF_TAG_ARTIST));
    exif_data_unref(d);
    free((void *)back.data);
    free(file.data);
    free((void *)small.data);
    free(data);
}

/* Whatever is wrong in a block, the file that it is put into has the same pixels. */
static void no_block_harms_a_file(void **state) {
    (void)state;
    static const uint8_t VALUES_OF[] = {0, 8, 0xFF};
    const ibx_bytes given = make_block(false);
    uint8_t *block = (uint8_t *)given.data;
    blob without = write_small("compression=none", (ibx_bytes){0});
    for (size_t i = 0; i < VALUES; i++)
        for (int v = 0; v < 3; v++) {
            const uint8_t before = block[i];
            if (before == VALUES_OF[v]) continue;
            block[i] = VALUES_OF[v];
            blob with = write_small("compression=none", given);
            pixels_are_the_same(with, without);
            block[i] = before;
            free(with.data);
        }
    for (size_t n = 0; n < given.size; n += 3) { /* in memory of that size */
        const ibx_bytes cut = {memcpy(malloc(n + 1), block, n), n};
        blob with = write_small("compression=none", cut);
        pixels_are_the_same(with, without);
        free((void *)cut.data);
        free(with.data);
    }
    free(without.data);
    free(block);
}

/* Nothing outside the file is read, and blocks stay small, whatever is wrong in its directories. */
static void hostile_files_are_met(void **state) {
    (void)state;
    const ibx_bytes given = make_block(false);
    for (int big = 0; big < 2; big++) {
        blob file = write_small(big ? "bigtiff=yes" : "compression=lzw", given);
        blob without = write_small(big ? "bigtiff=yes" : "compression=lzw", (ibx_bytes){0});
        for (size_t i = without.size; i < file.size; i++)
            for (int v = 0; v < 256; v += 85) {
                blob bad = {malloc(file.size), file.size};
                memcpy(bad.data, file.data, file.size);
                bad.data[i] = (uint8_t)v;
                const ibx_bytes block = block_of(bad);
                assert_true(block.size <= 65527);
                free((void *)block.data);
                free(bad.data);
            }
        free(file.data);
        free(without.data);
    }
    free((void *)given.data);
}

/* ---- beyond 4 GB ----------------------------------------------------------------------------- */

typedef bool append_function(int fd, ibx_bytes exif, ibx_error *err);
typedef bool read_function(const ibx_source *tiff, ibx_bytes *exif, ibx_error *err);

/* A function of the module, which is loaded by then. */
static void *of_module(const char *name) {
    Dl_info module;
    assert_true(dladdr(ibx_codec_for_reading((const uint8_t *)"II*", 4, NULL), &module));
    void *function = dlsym(dlopen(module.dli_fname, RTLD_NOW | RTLD_NOLOAD), name);
    assert_non_null(function);
    return function;
}

/* A file with holes of so many bytes that begins like this. */
static int file_of(const void *head, size_t size, off_t bytes) {
    const int fd = memfd_create("a TIFF", MFD_CLOEXEC);
    assert_true(fd >= 0 && ftruncate(fd, bytes) == 0);
    assert_true(pwrite(fd, head, size, 0) == (ssize_t)size);
    return fd;
}

/* A directory with a width alone. */
static const char CLASSIC[] = "II*\0\10\0\0\0\1\0\0\1\3\0\1\0\0\0\11\0\0\0\0\0\0";
static const char BIG[] = "II+\0\10\0\0\0\20\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
                          "\0\1\3\0\1\0\0\0\0\0\0\0\11\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static void positions_do_not_wrap(void **state) {
    (void)state;
    append_function *append = (append_function *)of_module("ibx_vips_exif_append");
    const ibx_bytes given = make_block(true);
    const int fd = file_of(CLASSIC, sizeof CLASSIC, 0xFFFFFF00);
    ibx_error err = {0};
    char head[sizeof CLASSIC];
    assert_false(append(fd, given, &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_non_null(strstr(err.text, "bigtiff=yes"));
    assert_true(pread(fd, head, sizeof head, 0) == sizeof head);
    assert_memory_equal(head, CLASSIC, sizeof head);
    assert_true(lseek(fd, 0, SEEK_END) == 0xFFFFFF00);
    close(fd);
    free((void *)given.data);
}

static void large_files_are_met(void **state) {
    (void)state;
    append_function *append = (append_function *)of_module("ibx_vips_exif_append");
    read_function *read = (read_function *)of_module("ibx_vips_exif_read");
    const ibx_bytes given = make_block(false);
    const int fd = file_of(BIG, sizeof BIG, 0x123456789);
    ibx_error err = {0};
    if (!append(fd, given, &err)) fail_msg("%s", err.text);
    const ibx_source file = {.name = "a TIFF", .size = lseek(fd, 0, SEEK_END), .fd = fd};
    ibx_bytes back = {0};
    assert_true(read(&file, &back, &err));
    ExifData *g = libexif_read(given), *b = libexif_read(back);
    assert_int_equal(compare(g, b), ENTRIES);
    exif_data_unref(g);
    exif_data_unref(b);
    close(fd);
    free((void *)given.data);
    free((void *)back.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exif_comes_back),       cmocka_unit_test(a_second_copy_is_the_same),
        cmocka_unit_test(no_block_harms_a_file), cmocka_unit_test(what_is_too_large_is_left_out),
        cmocka_unit_test(hostile_files_are_met), cmocka_unit_test(positions_do_not_wrap),
        cmocka_unit_test(large_files_are_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
