/* operation.c - operations as GEGL's own programs use them: properties are those of the table, and
 * what has been painted into the image shows in the result, whatever GEGL keeps in its caches. */
#include "imbrex.h"
#include <gegl-plugin.h>
#include <gegl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define W 400
#define H 300

static guint of_kind(const char *name, const ibx_param *row) {
    char *hyphens = g_strdup(row->name);
    GParamSpec *spec = gegl_operation_find_property(name, g_strdelimit(hyphens, "_", '-'));
    if (!spec) fail_msg("%s has no %s", name, hyphens);
    if (strcmp(g_param_spec_get_blurb(spec), row->doc) != 0) fail_msg("%s, %s", name, hyphens);
    if (row->type == IBX_TYPE_FLOAT) {
        const GParamSpecDouble *d = G_PARAM_SPEC_DOUBLE(spec);
        assert_true(d->minimum == row->min && d->maximum == row->max &&
                    d->default_value == row->def);
    } else if (row->type == IBX_TYPE_INT) {
        const GParamSpecInt *n = G_PARAM_SPEC_INT(spec);
        assert_true(n->minimum == row->min && n->maximum == row->max &&
                    n->default_value == row->def);
    } else if (row->type == IBX_TYPE_CHOICE) {
        const GEnumClass *words = G_PARAM_SPEC_ENUM(spec)->enum_class;
        for (guint i = 0; i < words->n_values; i++)
            assert_string_equal(words->values[i].value_nick, row->choices[i]);
        assert_null(row->choices[words->n_values]);
    }
    g_free(hyphens);
    return 1;
}

static void test_properties(void **state) {
    (void)state;
    size_t n;
    guint operations = 0, properties = 0;
    const ibx_filter *const *filters = ibx_filters(&n);
    for (size_t i = 0; i < n; i++) {
        char *name = g_strconcat("imbrex:", filters[i]->name, NULL);
        if (gegl_has_operation(name)) {
            operations++;
            assert_string_equal(gegl_operation_get_key(name, "description"), filters[i]->summary);
            for (const ibx_param *row = filters[i]->params; row && row->name; row++)
                properties += of_kind(name, row);
        }
        g_free(name);
    }
    assert_true(operations > 15 && properties > operations && gegl_has_operation("imbrex:recipe"));
}

/* What the recipe makes of a buffer, by ibx_apply; freed by ibx_image_free. */
static ibx_image wanted(const char *recipe, GeglBuffer *buffer) {
    ibx_image in = {.head = {.w = W, .h = H, .model = IBX_RGB, .orientation = 1, .depth = 8},
                    .sample = IBX_U8,
                    .stride = 3 * W};
    ibx_image out = {.pixels = NULL};
    ibx_error err = {0};
    ibx_recipe *parsed = ibx_recipe_parse(recipe, &err);
    in.pixels = g_malloc(in.stride * H);
    gegl_buffer_get(buffer, NULL, 1, babl_format("R'G'B' u8"), in.pixels, 3 * W, GEGL_ABYSS_NONE);
    if (!parsed || !ibx_apply(parsed, &in, IBX_U8, &out, NULL, &err)) fail_msg("%s", err.text);
    ibx_recipe_free(parsed);
    g_free(in.pixels);
    return out;
}

static void check_node(const char *recipe, GeglNode *node, GeglBuffer *buffer, const char *when) {
    ibx_image whole = wanted(recipe, buffer);
    guchar *pixels = g_malloc(3 * W * H);
    /* Piece by piece, as a canvas does. */
    for (int y = 0; y < H; y += 100)
        for (int x = 0; x < W; x += 100) {
            const GeglRectangle piece = {x, y, 100, 100};
            gegl_node_blit(node, 1, &piece, babl_format("R'G'B' u8"), pixels + 3 * (y * W + x),
                           3 * W, GEGL_BLIT_CACHE);
        }
    for (int i = 0; i < 3 * W * H; i++)
        if (pixels[i] != ((guchar *)whole.pixels)[i])
            fail_msg("%s, %s: %d instead of %d at (%d, %d)", recipe, when, pixels[i],
                     ((guchar *)whole.pixels)[i], i / 3 % W, i / 3 / W);
    g_free(pixels);
    ibx_image_free(&whole);
}

static void paint(GeglBuffer *buffer, GeglRectangle at, unsigned seed) {
    guchar *pixels = g_malloc(3 * (gsize)at.width * (gsize)at.height);
    for (int i = 0; i < 3 * at.width * at.height; i++) {
        seed = seed * 1664525u + 1013904223u;
        pixels[i] = (guchar)((seed >> 25) | (unsigned)(i / 3 % at.width));
    }
    gegl_buffer_set(buffer, &at, 0, babl_format("R'G'B' u8"), pixels, 3 * at.width);
    g_free(pixels);
}

/* The result is right, is still right when a part of the image has changed, and when the recipe
 * has.
 */
static void test_changes(void **state) {
    (void)state;
    static const char *const RECIPE[] = {"blur:20", "flip:horizontal/unsharp:3", "equalize",
                                         "rotate:180/autolevels/median:2", "blur:90/blur:3"};
    for (size_t i = 0; i < G_N_ELEMENTS(RECIPE); i++) {
        const GeglRectangle all = {0, 0, W, H};
        GeglBuffer *buffer = gegl_buffer_new(&all, babl_format("R'G'B' u8"));
        paint(buffer, all, 1);
        GeglNode *graph = gegl_node_new();
        GeglNode *source =
            gegl_node_new_child(graph, "operation", "gegl:buffer-source", "buffer", buffer, NULL);
        GeglNode *node =
            gegl_node_new_child(graph, "operation", "imbrex:recipe", "recipe", RECIPE[i], NULL);
        gegl_node_link(source, node);
        check_node(RECIPE[i], node, buffer, "new");
        paint(buffer, (GeglRectangle){30, 40, 25, 9}, 2);
        check_node(RECIPE[i], node, buffer, "painted");
        gegl_node_set(node, "recipe", "gamma:2", NULL);
        check_node("gamma:2", node, buffer, "another recipe");
        gegl_node_set(node, "recipe", NULL, NULL);
        check_node("", node, buffer, "no recipe");
        g_object_unref(graph);
        g_object_unref(buffer);
    }
}

int main(int argc, char **argv) {
    gegl_init(&argc, &argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_properties),
                                       cmocka_unit_test(test_changes)};
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    gegl_exit();
    return failures;
}
