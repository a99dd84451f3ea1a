/* deepzoom - requests for tiles; the tiles of a level cover it exactly, with one pixel of overlap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "server/api/iiif.h"
#include <stdlib.h>

enum { ROOM = 512, TILE = 510 };

static void test_parse(void **unused) {
    (void)unused;
    ibx_deepzoom_request r;
    assert_true(ibx_deepzoom_parse("a%2Fb.jpg.dzi", &r, NULL));
    assert_true(r.descriptor);
    assert_string_equal(r.identifier, "a/b.jpg");
    assert_true(ibx_deepzoom_parse("a/b.jpg_files/12/3_45.jpg", &r, NULL));
    assert_false(r.descriptor);
    assert_string_equal(r.identifier, "a/b.jpg");
    assert_int_equal(r.level, 12);
    assert_int_equal(r.column, 3);
    assert_int_equal(r.row, 45);
    assert_string_equal(r.format, "jpg");
}

static void test_refusals(void **unused) {
    (void)unused;
    static const char *const BAD[] = {"",
                                      ".dzi",
                                      "a",
                                      "a.jpg",
                                      "a%zz.dzi",
                                      "_files/1/0_0.jpg",
                                      "a/1/0_0.jpg",
                                      "a_files/0_0.jpg",
                                      "a_files/x/0_0.jpg",
                                      "a_files/-1/0_0.jpg",
                                      "a_files/1/0.jpg",
                                      "a_files/1/0_0",
                                      "a_files/1/0_0.",
                                      "a_files/1/_0.jpg",
                                      "a_files/1/99999999999_0.jpg",
                                      "a_files/1/0_0.toolongformat"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ibx_deepzoom_request r;
        ibx_error err = {0};
        if (ibx_deepzoom_parse(BAD[i], &r, &err)) fail_msg("%s is taken", BAD[i]);
        assert_int_equal(err.code, IBX_USAGE);
    }
}

/* The rectangle of its level that a tile's recipe cuts out, and the level's size. */
typedef struct {
    int level_w, level_h;
    ibx_rect at;
} tile;

/* False: there is no such tile. */
static bool tile_of(int w, int h, int level, int column, int row, tile *t) {
    ibx_deepzoom_request r = {.level = level, .column = column, .row = row, .format = "jpg"};
    char recipe[ROOM];
    int status;
    if (!ibx_deepzoom_recipe(&r, w, h, recipe, sizeof recipe, &status, NULL)) {
        assert_int_equal(status, 404);
        return false;
    }
    assert_int_equal(status, 200);
    ibx_recipe *parsed = ibx_recipe_parse(recipe, NULL);
    if (!parsed) fail_msg("%s is no recipe", recipe);
    ibx_recipe_free(parsed);
    *t = (tile){w, h, {0, 0, 0, 0}};
    const char *scale = strstr(recipe, "resize:"), *cut = strstr(recipe, "crop:");
    if (scale) assert_int_equal(sscanf(scale, "resize:%dx%d", &t->level_w, &t->level_h), 2);
    t->at = (ibx_rect){0, 0, t->level_w, t->level_h};
    if (cut)
        assert_int_equal(sscanf(cut, "crop:%dx%d,%d,%d", &t->at.w, &t->at.h, &t->at.x, &t->at.y),
                         4);
    return true;
}

/* Along one side: tiles in turn reach from pixel 0 to the last, each one pixel over its bounds. */
static int check_line(int w, int h, int level, bool across) {
    tile t;
    int count = 0, whole = 0;
    for (; tile_of(w, h, level, across ? count : 0, across ? 0 : count, &t); count++) {
        const int from = across ? t.at.x : t.at.y, size = across ? t.at.w : t.at.h;
        whole = across ? t.level_w : t.level_h;
        assert_int_equal(from, count * TILE - (count > 0));
        assert_int_equal(from + size, ibx_min((count + 1) * TILE + 1, whole));
    }
    assert_int_equal(count, (whole + TILE - 1) / TILE);
    return whole;
}

static void test_levels(void **unused) {
    (void)unused;
    static const int SIZES[][2] = {{1, 1},     {2, 1},       {510, 510}, {511, 1021}, {512, 384},
                                   {513, 300}, {4608, 1976}, {1, 9000},  {65500, 7}};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        const int w = SIZES[i][0], h = SIZES[i][1];
        int level = 0, levels = 0;
        tile t = {0};
        while (tile_of(w, h, levels, 0, 0, &t)) levels++;
        for (level = levels - 1; level >= 0; level--) {
            const int k = levels - 1 - level;
            assert_int_equal(check_line(w, h, level, true), (w + (1 << k) - 1) >> k);
            assert_int_equal(check_line(w, h, level, false), (h + (1 << k) - 1) >> k);
        }
        assert_true(tile_of(w, h, 0, 0, 0, &t));
        assert_int_equal(t.level_w * t.level_h, 1);
    }
}

/* Cut and put together, the tiles of a level are the level, byte for byte. */
static void test_pixels(void **unused) {
    (void)unused;
    enum { W = 1100, H = 30, LEVEL = 10 };
    static uint8_t pixels[W * H * 3];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 2654435761u >> 13);
    const ibx_image in = {.head = {.w = W,
                                   .h = H,
                                   .model = IBX_RGB,
                                   .orientation = 1,
                                   .depth = 8,
                                   .shrink = 1,
                                   .full_w = W,
                                   .full_h = H},
                          .sample = IBX_U8,
                          .stride = W * 3,
                          .pixels = pixels};
    ibx_image level, part;
    ibx_recipe *whole = ibx_recipe_parse("resize:550x15,fit=fill", NULL);
    assert_true(ibx_apply(whole, &in, IBX_U8, &level, NULL, NULL));
    for (int column = 0; column < 2; column++) {
        const ibx_deepzoom_request r = {.level = LEVEL, .column = column, .format = "png"};
        char recipe[ROOM];
        int status;
        assert_true(ibx_deepzoom_recipe(&r, W, H, recipe, sizeof recipe, &status, NULL));
        *strstr(recipe, "/save:") = 0;
        ibx_recipe *cut = ibx_recipe_parse(recipe, NULL);
        assert_true(ibx_apply(cut, &in, IBX_U8, &part, NULL, NULL));
        const int x = column ? TILE - 1 : 0;
        assert_int_equal(part.head.w, column ? 550 - x : TILE + 1);
        for (int y = 0; y < part.head.h; y++)
            assert_memory_equal((uint8_t *)part.pixels + (size_t)y * part.stride,
                                (uint8_t *)level.pixels + (size_t)y * level.stride + x * 3,
                                (size_t)part.head.w * 3);
        ibx_image_free(&part);
        ibx_recipe_free(cut);
    }
    ibx_image_free(&level);
    ibx_recipe_free(whole);
}

static void test_missing(void **unused) {
    (void)unused;
    tile t;
    assert_true(tile_of(1000, 800, 10, 1, 1, &t));
    assert_false(tile_of(1000, 800, 11, 0, 0, &t));
    assert_false(tile_of(1000, 800, 1000000000, 0, 0, &t));
    assert_false(tile_of(1000, 800, 10, 2, 0, &t));
    assert_false(tile_of(1000, 800, 10, 0, 1000000000, &t));
    ibx_deepzoom_request r = {.format = "exe"};
    char recipe[ROOM];
    int status = 0;
    assert_false(ibx_deepzoom_recipe(&r, 10, 10, recipe, sizeof recipe, &status, NULL));
    assert_int_equal(status, 404);
}

static void test_descriptor(void **unused) {
    (void)unused;
    char *text = ibx_deepzoom_descriptor(4608, 1976);
    assert_non_null(strstr(text, "Overlap=\"1\" TileSize=\"510\""));
    assert_non_null(strstr(text, "<Size Width=\"4608\" Height=\"1976\"/>"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_levels),  cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_missing), cmocka_unit_test(test_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
