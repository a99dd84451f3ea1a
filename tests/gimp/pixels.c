/* pixels - rectangles of GEGL's buffers, read, compared, summed and written, wherever they lie on
 * the grid of pieces that they are moved in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "gimp/pixels.h"
#include <stdlib.h>

enum { W = 700, H = 600, PLANES = 3, STRIDE = W * PLANES };

static const ibx_rect RECTS[] = {
    {0, 0, W, H}, {33, 41, 500, 444}, {255, 256, 2, 1}, {256, 512, 256, 88}, {699, 599, 1, 1}};
enum { COUNT = sizeof RECTS / sizeof *RECTS };

static uint8_t pixels[H * STRIDE];
static const ibx_region WHOLE = {{0, 0, W, H}, PLANES, STRIDE, pixels};

static ibx_gimp_form form(void) {
    ibx_gimp_form form;
    assert_true(ibx_gimp_form_of(babl_format("R'G'B' u8"), false, &form));
    return form;
}

static GeglBuffer *buffer_of(const uint8_t *data) {
    GeglBuffer *buffer = gegl_buffer_new(GEGL_RECTANGLE(0, 0, W, H), babl_format("R'G'B' u8"));
    gegl_buffer_set(buffer, NULL, 0, babl_format("R'G'B' u8"), data, STRIDE);
    return buffer;
}

/* Changes one sample of a buffer. */
static void poke(GeglBuffer *buffer, int x, int y) {
    uint8_t pixel[PLANES];
    const Babl *format = babl_format("R'G'B' u8");
    gegl_buffer_get(buffer, GEGL_RECTANGLE(x, y, 1, 1), 1.0, format, pixel, PLANES,
                    GEGL_ABYSS_NONE);
    pixel[1] ^= 1;
    gegl_buffer_set(buffer, GEGL_RECTANGLE(x, y, 1, 1), 0, format, pixel, PLANES);
}

static void test_read(void **state) {
    (void)state;
    const ibx_gimp_form f = form();
    GeglBuffer *buffer = buffer_of(pixels);
    for (int i = 0; i < COUNT; i++) {
        const ibx_rect r = RECTS[i];
        ibx_region region;
        assert_true(ibx_gimp_read(buffer, &f, r, &region, NULL));
        for (int y = 0; y < r.h; y++)
            assert_memory_equal(region.data + y * region.stride,
                                pixels + (r.y + y) * STRIDE + r.x * PLANES, (size_t)r.w * PLANES);
        ibx_gimp_region_free(&region);
    }
    g_object_unref(buffer);
}

static void test_is_as_read(void **state) {
    (void)state;
    const ibx_gimp_form f = form();
    for (int i = 0; i < COUNT; i++) {
        const ibx_rect r = RECTS[i];
        GeglBuffer *buffer = buffer_of(pixels);
        assert_true(ibx_gimp_is_as_read(buffer, &f, &WHOLE, r));
        if (r.x > 0) poke(buffer, r.x - 1, r.y);
        if (r.y > 0) poke(buffer, r.x, r.y - 1);
        assert_true(ibx_gimp_is_as_read(buffer, &f, &WHOLE, r));
        poke(buffer, r.x + r.w - 1, r.y + r.h - 1);
        assert_false(ibx_gimp_is_as_read(buffer, &f, &WHOLE, r));
        g_object_unref(buffer);
    }
}

/* That of a rectangle is the same from a region that holds more, and another one for any change. */
static void test_sum(void **state) {
    (void)state;
    const ibx_gimp_form f = form();
    GeglBuffer *buffer = buffer_of(pixels);
    for (int i = 0; i < COUNT; i++) {
        ibx_region region;
        assert_true(ibx_gimp_read(buffer, &f, RECTS[i], &region, NULL));
        const uint64_t sum = ibx_gimp_sum(&region, RECTS[i]);
        assert_true(sum == ibx_gimp_sum(&WHOLE, RECTS[i]));
        const size_t bytes = (size_t)region.stride * (size_t)RECTS[i].h;
        for (size_t k = 0; k < bytes; k += bytes / 7 + 1) {
            region.data[k] ^= 128;
            assert_true(sum != ibx_gimp_sum(&region, RECTS[i]));
            region.data[k] ^= 128;
        }
        ibx_gimp_region_free(&region);
    }
    g_object_unref(buffer);
}

static void test_write(void **state) {
    (void)state;
    const ibx_gimp_form f = form();
    uint8_t *after = malloc(sizeof pixels);
    assert_non_null(after);
    for (int i = 0; i < COUNT; i++) {
        const ibx_rect r = RECTS[i];
        memset(after, 0, sizeof pixels);
        GeglBuffer *buffer = buffer_of(after);
        ibx_gimp_write(buffer, &f, &WHOLE, r);
        gegl_buffer_get(buffer, NULL, 1.0, babl_format("R'G'B' u8"), after, STRIDE,
                        GEGL_ABYSS_NONE);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < STRIDE; x++) {
                const bool in =
                    x >= r.x * PLANES && x < (r.x + r.w) * PLANES && y >= r.y && y < r.y + r.h;
                assert_int_equal(after[y * STRIDE + x], in ? pixels[y * STRIDE + x] : 0);
            }
        g_object_unref(buffer);
    }
    free(after);
}

int main(void) {
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(1 + (i * 2654435761u >> 24) % 255);
    g_setenv("GEGL_PATH", "/dev/null", TRUE); /* operations leak, and are not needed */
    gegl_init(NULL, NULL);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read),
                                       cmocka_unit_test(test_is_as_read),
                                       cmocka_unit_test(test_sum), cmocka_unit_test(test_write)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
