/* iiif - the tables of the IIIF Image API 3.0, case by case, as recipes and canonical forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "server/api/iiif.h"
#include <json-glib/json-glib.h>
#include <stdlib.h>

enum { ROOM = 512, SIDE = 16384, AREA = 100000000 };

typedef struct {
    const char *request; /* behind the identifier */
    const char *recipe, *canonical;
} rendered;

/* The image of the specification's figures: 300x200. */
static bool recipe_for(const char *request, int64_t side, int64_t area, char *recipe,
                       char *canonical, int *status, ibx_error *err) {
    char path[ROOM + 32];
    ibx_iiif_request parts;
    snprintf(path, sizeof path, "image%%2F1/%s", request);
    *status = 400;
    if (!ibx_iiif_parse(path, &parts, err)) return false;
    assert_string_equal(parts.identifier, "image/1");
    return ibx_iiif_recipe(&parts, 300, 200, side, area, recipe, canonical, ROOM, status, err);
}

/* What was printed must be a recipe. */
static void check_parses(const char *recipe) {
    ibx_error err = {0};
    ibx_recipe *parsed = ibx_recipe_parse(recipe, &err);
    if (!parsed) fail_msg("%s: %s", recipe, err.text);
    ibx_recipe_free(parsed);
}

static void check_rendered(const rendered *row, size_t count, int64_t side, int64_t area) {
    for (size_t i = 0; i < count; i++) {
        char recipe[ROOM], canonical[ROOM], again[ROOM], fixed[ROOM];
        int status;
        ibx_error err = {0};
        if (!recipe_for(row[i].request, side, area, recipe, canonical, &status, &err))
            fail_msg("%s: %s", row[i].request, err.text);
        assert_int_equal(status, 200);
        if (strcmp(recipe, row[i].recipe) != 0 || strcmp(canonical, row[i].canonical) != 0)
            fail_msg("%s gave %s and %s", row[i].request, recipe, canonical);
        check_parses(recipe);
        assert_true(recipe_for(canonical, side, area, again, fixed, &status, &err));
        assert_string_equal(again, recipe);
        assert_string_equal(fixed, canonical);
    }
}

#define CHECK(rows, side, area) check_rendered(rows, sizeof(rows) / sizeof *(rows), side, area)

/* Chapter 4.1. */
static void test_regions(void **unused) {
    (void)unused;
    static const rendered ROWS[] = {
        {"full/max/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"square/max/0/default.jpg", "crop:200x200,50,0,gravity=north-west/save:jpeg",
         "50,0,200,200/max/0/default.jpg"},
        {"125,15,120,140/max/0/default.jpg", "crop:120x140,125,15,gravity=north-west/save:jpeg",
         "125,15,120,140/max/0/default.jpg"},
        {"pct:41.6,7.5,40,70/max/0/default.jpg", "crop:120x140,125,15,gravity=north-west/save:jpeg",
         "125,15,120,140/max/0/default.jpg"},
        {"125,15,200,200/max/0/default.jpg", "crop:175x185,125,15,gravity=north-west/save:jpeg",
         "125,15,175,185/max/0/default.jpg"},
        {"pct:41.6,7.5,66.6,100/max/0/default.jpg",
         "crop:175x185,125,15,gravity=north-west/save:jpeg", "125,15,175,185/max/0/default.jpg"},
        {"0,0,300,200/max/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"0,0,99999999999,99999999999/max/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"pct:0,0,100,100/max/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"pct:99.9,99.9,.05,.05/max/0/default.jpg", "crop:1x1,299,199,gravity=north-west/save:jpeg",
         "299,199,1,1/max/0/default.jpg"}};
    CHECK(ROWS, SIDE, AREA);
}

/* Chapter 4.2 without limits that matter. */
static void test_sizes(void **unused) {
    (void)unused;
    static const rendered ROWS[] = {
        {"full/150,/0/default.jpg", "resize:150x100,fit=fill/save:jpeg",
         "full/150,100/0/default.jpg"},
        {"full/^360,/0/default.jpg", "resize:360x240,fit=fill/save:jpeg",
         "full/^360,240/0/default.jpg"},
        {"full/,150/0/default.jpg", "resize:225x150,fit=fill/save:jpeg",
         "full/225,150/0/default.jpg"},
        {"full/^,240/0/default.jpg", "resize:360x240,fit=fill/save:jpeg",
         "full/^360,240/0/default.jpg"},
        {"full/pct:50/0/default.jpg", "resize:150x100,fit=fill/save:jpeg",
         "full/150,100/0/default.jpg"},
        {"full/^pct:120/0/default.jpg", "resize:360x240,fit=fill/save:jpeg",
         "full/^360,240/0/default.jpg"},
        {"full/^pct:50.0/0/default.jpg", "resize:150x100,fit=fill/save:jpeg",
         "full/150,100/0/default.jpg"},
        {"full/225,100/0/default.jpg", "resize:225x100,fit=fill/save:jpeg",
         "full/225,100/0/default.jpg"},
        {"full/^360,360/0/default.jpg", "resize:360x360,fit=fill/save:jpeg",
         "full/^360,360/0/default.jpg"},
        {"full/^100,360/0/default.jpg", "resize:100x360,fit=fill/save:jpeg",
         "full/^100,360/0/default.jpg"},
        {"full/!225,100/0/default.jpg", "resize:150x100,fit=fill/save:jpeg",
         "full/150,100/0/default.jpg"},
        {"full/!1000,1000/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"full/^!360,360/0/default.jpg", "resize:360x240,fit=fill/save:jpeg",
         "full/^360,240/0/default.jpg"},
        {"full/^!30,30/0/default.jpg", "resize:30x20,fit=fill/save:jpeg",
         "full/30,20/0/default.jpg"},
        {"full/300,/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"full/300,200/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"full/pct:100/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"0,0,256,200/,50/0/default.jpg",
         "crop:256x200,0,0,gravity=north-west/resize:64x50,fit=fill/save:jpeg",
         "0,0,256,200/64,50/0/default.jpg"}};
    CHECK(ROWS, SIDE, AREA);
}

/* maxWidth and maxArea: "max" and "!w,h" keep to them. */
static void test_limits(void **unused) {
    (void)unused;
    static const rendered WIDTH_200[] = {
        {"full/max/0/default.jpg", "resize:200x133,fit=fill/save:jpeg", "full/max/0/default.jpg"},
        {"full/200,133/0/default.jpg", "resize:200x133,fit=fill/save:jpeg",
         "full/max/0/default.jpg"},
        {"full/!250,250/0/default.jpg", "resize:200x133,fit=fill/save:jpeg",
         "full/max/0/default.jpg"},
        {"full/^max/0/default.jpg", "resize:200x133,fit=fill/save:jpeg", "full/max/0/default.jpg"}};
    static const rendered WIDTH_360[] = {
        {"full/^max/0/default.jpg", "resize:360x240,fit=fill/save:jpeg", "full/^max/0/default.jpg"},
        {"full/^360,240/0/default.jpg", "resize:360x240,fit=fill/save:jpeg",
         "full/^max/0/default.jpg"},
        {"full/max/0/default.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"0,0,10,20/^max/0/default.jpg",
         "crop:10x20,0,0,gravity=north-west/resize:180x360,fit=fill/save:jpeg",
         "0,0,10,20/^max/0/default.jpg"}};
    static const rendered AREA_15000[] = {
        {"full/max/0/default.jpg", "resize:150x100,fit=fill/save:jpeg", "full/max/0/default.jpg"}};
    CHECK(WIDTH_200, 200, AREA);
    CHECK(WIDTH_360, 360, AREA);
    CHECK(AREA_15000, SIDE, 15000);
}

/* Chapters 4.3 to 4.6. */
static void test_the_rest(void **unused) {
    (void)unused;
    static const rendered ROWS[] = {
        {"full/max/180/default.jpg", "rotate:180,white/save:jpeg", "full/max/180/default.jpg"},
        {"full/max/90.0/default.png", "rotate:90/save:png", "full/max/90/default.png"},
        {"full/max/22.5/default.png", "rotate:22.5/save:png", "full/max/22.5/default.png"},
        {"full/max/22.500/default.webp", "rotate:22.5/save:webp", "full/max/22.5/default.webp"},
        {"full/max/.5/default.tif", "rotate:0.5/save:tiff", "full/max/0.5/default.tif"},
        {"full/max/360/default.gif", "save:gif", "full/max/0/default.gif"},
        {"full/max/!0/default.jpg", "flip:horizontal/save:jpeg", "full/max/!0/default.jpg"},
        {"full/max/!180/default.jpg", "flip:horizontal/rotate:180,white/save:jpeg",
         "full/max/!180/default.jpg"},
        {"full/max/%210/default.jpg", "flip:horizontal/save:jpeg", "full/max/!0/default.jpg"},
        {"full/max/0/color.jpg", "save:jpeg", "full/max/0/default.jpg"},
        {"full/max/0/gray.jpg", "grayscale/save:jpeg", "full/max/0/gray.jpg"},
        {"full/max/0/bitonal.png", "grayscale/levels:0.5,0.500001/save:png",
         "full/max/0/bitonal.png"},
        {"125,15,120,140/90,/!345/gray.jpg",
         "crop:120x140,125,15,gravity=north-west/resize:90x105,fit=fill/flip:horizontal/"
         "rotate:345,white/grayscale/save:jpeg",
         "125,15,120,140/90,105/!345/gray.jpg"}};
    CHECK(ROWS, SIDE, AREA);
}

static const char *const BAD[] = {
    "full/max/0", /* a part is missing */
    "full/max/0/default",
    "full/max/0/.jpg",
    "full/max/0/default.",
    "/max/0/default.jpg",
    "full/max/0/default.jpg%00",
    "full/max/%zz/default.jpg",
    "full/max/%2/default.jpg",
    "all/max/0/default.jpg",
    "1,2,3/max/0/default.jpg",
    "1,2,3,4,5/max/0/default.jpg",
    "-1,2,3,4/max/0/default.jpg",
    "1.5,2,3,4/max/0/default.jpg",
    "0,0,0,10/max/0/default.jpg",
    "0,0,10,0/max/0/default.jpg",
    "300,0,10,10/max/0/default.jpg",
    "0,200,10,10/max/0/default.jpg",
    "pct:0,0,0,50/max/0/default.jpg",
    "pct:100,0,50,50/max/0/default.jpg",
    "pct:1e1,0,50,50/max/0/default.jpg",
    "pct:1..1,0,50,50/max/0/default.jpg",
    "pct:.,0,50,50/max/0/default.jpg",
    "full/full/0/default.jpg",
    "full/,/0/default.jpg",
    "full/100/0/default.jpg",
    "full/0,/0/default.jpg",
    "full/0,10/0/default.jpg",
    "full/!10,/0/default.jpg",
    "full/!,10/0/default.jpg",
    "full/301,/0/default.jpg",
    "full/,201/0/default.jpg",
    "full/100,201/0/default.jpg",
    "full/pct:101/0/default.jpg",
    "full/pct:0/0/default.jpg",
    "full/pct:.1/0/default.jpg",
    "full/^^max/0/default.jpg",
    "full/!^10,10/0/default.jpg",
    "full/^17000,/0/default.jpg",
    "full/^16000,16000/0/default.jpg",
    "full/^99999999999,/0/default.jpg",
    "full/max/361/default.jpg",
    "full/max/-90/default.jpg",
    "full/max/90!/default.jpg",
    "full/max/ninety/default.jpg",
    "full/max/0/native.jpg",
    "full/max/0/Default.jpg",
    "full/max/0/default.jpeg",
    "full/max/0/default.JPG",
    "full/max/0/default.jp2",
    "full/max/0/default.exe",
    "full/^14142,7071/45/default.png",
};

static void test_refusals(void **unused) {
    (void)unused;
    char recipe[ROOM], canonical[ROOM];
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ibx_error err = {0};
        int status;
        if (recipe_for(BAD[i], SIDE, AREA, recipe, canonical, &status, &err))
            fail_msg("%s became %s", BAD[i], recipe);
        assert_int_equal(status, 400);
        assert_int_equal(err.code, IBX_USAGE);
        assert_non_null(strstr(err.text, "iiif: "));
    }
}

/* A "/" that is not encoded makes an address where there is nothing: 404. */
static void test_too_many_parts(void **unused) {
    (void)unused;
    ibx_iiif_request parts;
    ibx_error err = {0};
    assert_false(ibx_iiif_parse("a/b/full/max/0/default.jpg", &parts, &err));
    assert_int_equal(err.code, IBX_IO);
}

/* The words of a JSON array, with a blank behind each. */
static void words(JsonObject *from, const char *key, char *text, size_t room) {
    JsonArray *array = json_object_get_array_member(from, key);
    size_t used = 0;
    text[0] = 0;
    for (guint i = 0; i < json_array_get_length(array); i++)
        used += (size_t)snprintf(text + used, room - used, "%s ",
                                 json_array_get_string_element(array, i));
}

static JsonParser *parse_info(int w, int h, int64_t side, int64_t area) {
    JsonParser *parser = json_parser_new();
    char *text = ibx_iiif_info("http://127.0.0.1:8080/iiif/3/a%2Fb", w, h, side, area);
    assert_non_null(text);
    assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    free(text);
    return parser;
}

static void test_info(void **unused) {
    (void)unused;
    JsonParser *parser = parse_info(6000, 4000, SIDE, AREA);
    JsonObject *info = json_node_get_object(json_parser_get_root(parser));
    assert_string_equal(json_object_get_string_member(info, "id"),
                        "http://127.0.0.1:8080/iiif/3/a%2Fb");
    assert_string_equal(json_object_get_string_member(info, "type"), "ImageService3");
    assert_string_equal(json_object_get_string_member(info, "profile"), "level2");
    assert_int_equal(json_object_get_int_member(info, "width"), 6000);
    assert_int_equal(json_object_get_int_member(info, "maxWidth"), SIDE);
    assert_int_equal(json_object_get_int_member(info, "maxArea"), AREA);
    char text[200];
    words(info, "extraQualities", text, sizeof text);
    assert_string_equal(text, "color gray bitonal ");
    words(info, "extraFormats", text, sizeof text);
    assert_string_equal(text, "webp avif tif gif ");
    JsonObject *tiles =
        json_array_get_object_element(json_object_get_array_member(info, "tiles"), 0);
    assert_int_equal(json_object_get_int_member(tiles, "width"), 512);
    JsonArray *factors = json_object_get_array_member(tiles, "scaleFactors");
    assert_int_equal(json_array_get_length(factors), 5);
    assert_int_equal(json_array_get_int_element(factors, 4), 16);
    g_object_unref(parser);
}

/* Every size that is offered can be had, and none is larger than the limits. */
static void test_info_keeps_limits(void **unused) {
    (void)unused;
    JsonParser *parser = parse_info(300, 200, 250, 20000);
    JsonObject *info = json_node_get_object(json_parser_get_root(parser));
    assert_false(json_object_has_member(info, "tiles"));
    assert_int_equal(json_array_get_length(json_object_get_array_member(info, "sizes")), 0);
    g_object_unref(parser);
    parser = parse_info(3000, 2000, 1024, AREA);
    info = json_node_get_object(json_parser_get_root(parser));
    JsonArray *sizes = json_object_get_array_member(info, "sizes");
    assert_int_equal(json_array_get_length(sizes), 2);
    JsonObject *large = json_array_get_object_element(sizes, 1);
    assert_int_equal(json_object_get_int_member(large, "width"), 750);
    assert_int_equal(json_object_get_int_member(large, "height"), 500);
    g_object_unref(parser);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),  cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_the_rest),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_too_many_parts),
        cmocka_unit_test(test_info),     cmocka_unit_test(test_info_keeps_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
