/* png_size.c - how large the PNG encoder's files are, beside those of libpng, on photographs and on
 * drawings. What other programs write by default is about zlib's level 6 without filters. */
#include "decoded.h"
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- sizes --------------------------------------------------------------------------------- */

static void count_bytes(png_structp png, png_bytep bytes, size_t size) {
    (void)bytes;
    *(size_t *)png_get_io_ptr(png) += size;
}

static void no_flush(png_structp png) {
    (void)png;
}

static size_t by_libpng(const uint8_t *pixels, int w, int h, int planes, int level, int filters) {
    static const int TYPE[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                               PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    size_t size = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &size, count_bytes, no_flush);
    png_set_compression_level(png, level);
    png_set_filter(png, 0, filters);
    png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, 8, TYPE[planes], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < h; y++) png_write_row(png, pixels + (size_t)y * (size_t)(w * planes));
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return size;
}

static size_t by_us(const uint8_t *pixels, int w, int h, int planes, int compression) {
    const ibx_save_png params = {.compression = compression};
    const ibx_save_job job = {.head = {.w = w,
                                       .h = h,
                                       .model = planes > 2 ? IBX_RGB : IBX_GRAY,
                                       .alpha = planes % 2 == 0,
                                       .orientation = 1},
                              .sample = IBX_U8,
                              .format = ibx_format_find("png"),
                              .params = &params};
    blob file;
    assert_true(encode(&job, pixels, 0, &file, NULL));
    free(file.data);
    return file.size;
}

/* Prints the sizes and checks them; `percent` of the usual size are allowed by default. */
static void compare(const char *name, const uint8_t *pixels, int w, int h, int planes,
                    size_t percent) {
    const size_t usual = by_libpng(pixels, w, h, planes, 6, PNG_FILTER_NONE);
    const size_t best = by_libpng(pixels, w, h, planes, 9, PNG_ALL_FILTERS);
    const size_t fast = by_us(pixels, w, h, planes, IBX_PNG_FAST);
    const size_t normal = by_us(pixels, w, h, planes, IBX_PNG_DEFAULT);
    const size_t small = by_us(pixels, w, h, planes, IBX_PNG_SMALL);
    print_message("%-14s libpng %zu, best %zu; fast %zu, default %zu, small %zu\n", name, usual,
                  best, fast, normal, small);
    assert_true(normal * 100 <= usual * percent);
    assert_true(small <= best);
    assert_true(small <= normal && normal <= fast);
}

/* ---- drawings ------------------------------------------------------------------------------ */

enum { W = 600, H = 450 };
static uint8_t canvas[H * W * 4];

static void paint(int planes, int x, int y, int w, int h, uint32_t colour) {
    for (int j = y; j < y + h && j < H; j++)
        for (int i = x; i < x + w && i < W; i++)
            for (int p = 0; p < planes; p++)
                canvas[(j * W + i) * planes + p] = (uint8_t)(colour >> 8 * p);
}

/* Windows with frames, and lines of "text": 40 letters of random dots, again and again. */
static void draw_screen(int planes) {
    uint32_t seed = 5, letters[40][9];
    for (int i = 0; i < 40 * 9; i++) {
        seed = seed * 1664525 + 1013904223;
        letters[i / 9][i % 9] = seed >> 20 & seed >> 12;
    }
    paint(planes, 0, 0, W, H, 0xFF806040);
    for (int k = 0; k < 3; k++) {
        const int x = 30 + 240 * k, y = 20 + 90 * k;
        paint(planes, x, y, 400, 480, 0xFF303030);
        paint(planes, x + 2, y + 24, 396, 454, 0xFFFAFAFA);
        for (int n = 0; n < 38 * 44; n++) {
            seed = seed * 1664525 + 1013904223;
            const uint32_t *letter = letters[seed >> 24 & 31];
            for (int dot = 0; dot < 81; dot++)
                if (letter[dot / 9] >> dot % 9 & 1)
                    paint(planes, x + 10 + n % 38 * 10 + dot % 9, y + 30 + n / 38 * 10 + dot / 9, 1,
                          1, 0xFF202020);
        }
    }
}

/* Gray levels and colours of a palette, in noise as dithering gives it. */
static void draw_dithered(int planes) {
    static const uint32_t PALETTE[] = {0xFF102030, 0xFF405060, 0xFF8090A0, 0xFFC0D0E0, 0xFFFFFFFF};
    uint32_t seed = 9;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            seed = seed * 1664525 + 1013904223;
            paint(planes, x, y, 1, 1, PALETTE[((uint32_t)(x * 4) + (seed >> 23)) / W % 5]);
        }
}

/* Rings, each a little lighter than the one inside. */
static void draw_rings(int planes) {
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const uint32_t r = (uint32_t)((x - 400) * (x - 400) + (y - 300) * (y - 300));
            paint(planes, x, y, 1, 1, 0xFF000000u | r >> 11 | (r >> 12) << 8 | (r >> 10) << 16);
        }
}

static void test_drawings(void **state) {
    (void)state;
    for (int planes = 1; planes <= 4; planes += planes < 3 ? 2 : 1) {
        draw_screen(planes);
        compare("screen", canvas, W, H, planes, 103);
        draw_dithered(planes);
        compare("dithered", canvas, W, H, planes, 109);
        draw_rings(planes);
        compare("rings", canvas, W, H, planes, 100);
    }
}

/* ---- photographs --------------------------------------------------------------------------- */

enum { SIDE = 500 };

/* A piece of a photograph, twice as large and so as smooth as if it were blurred. */
static void enlarge(const uint8_t *from, uint8_t *to, int planes) {
    const int right = planes, below = SIDE * planes;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int p = 0; p < planes; p++) {
                const uint8_t *at = from + (y / 2 * SIDE + x / 2) * planes + p;
                const int dx = x % 2, dy = y % 2;
                const int upper = at[0] * (2 - dx) + at[right] * dx;
                const int lower = at[below] * (2 - dx) + at[below + right] * dx;
                to[(y * SIDE + x) * planes + p] = (uint8_t)((upper * (2 - dy) + lower * dy) / 4);
            }
}

/* The left upper quarter megapixel of a photograph, as it is and smooth. */
static void compare_photo(const char *path, void *user) {
    (void)user;
    blob file = blob_read(path);
    decoded d;
    if (decode(file, (how){0}, &d, NULL)) {
        const int planes = ibx_planes(&d.info.head);
        uint8_t *part = malloc((size_t)SIDE * SIDE * (size_t)planes);
        const size_t row = (size_t)SIDE * (size_t)planes;
        assert_true(d.info.head.w >= SIDE && d.info.head.h >= SIDE);
        for (size_t y = 0; y < SIDE; y++) memcpy(part + y * row, d.pixels + y * d.stride, row);
        compare(strrchr(path, '/') + 1, part, SIDE, SIDE, planes, 100);
        uint8_t *smooth = malloc(SIDE * row);
        enlarge(part, smooth, planes);
        compare("  enlarged", smooth, SIDE, SIDE, planes, 75);
        free(smooth);
        free(part);
        decoded_free(&d);
    }
    free(file.data);
}

static void test_photographs(void **state) {
    (void)state;
    if (!for_each_file("photos/mate", compare_photo, NULL)) {
        print_message("no photographs in %s (IMBREX_DATA)\n", data_folder());
        skip();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawings),
        cmocka_unit_test(test_photographs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
