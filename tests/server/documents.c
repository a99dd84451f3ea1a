/* documents - what the server says about itself: the tables as JSON, OpenAPI, the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "server/api/documents.h"
#include <json-glib/json-glib.h>
#include <stdlib.h>

static JsonParser *parse(char *text) {
    JsonParser *parser = json_parser_new();
    assert_non_null(text);
    assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    free(text);
    return parser;
}

static JsonObject *root(JsonParser *parser) {
    return json_node_get_object(json_parser_get_root(parser));
}

static JsonObject *member(JsonObject *object, const char *key) {
    if (!json_object_has_member(object, key)) fail_msg("there is no \"%s\"", key);
    return json_object_get_object_member(object, key);
}

/* One filter alone is the same as in the whole table. */
static void test_filters(void **unused) {
    (void)unused;
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    JsonParser *all = parse(ibx_document_filters());
    JsonArray *list = json_object_get_array_member(root(all), "filters");
    assert_int_equal(json_array_get_length(list), count);
    for (guint i = 0; i < count; i++) {
        JsonParser *one = parse(ibx_document_filter(filter[i]->name));
        assert_true(json_node_equal(json_parser_get_root(one), json_array_get_element(list, i)));
        g_object_unref(one);
    }
    assert_null(ibx_document_filter("no_such_filter"));
    assert_null(ibx_document_filter(""));
    g_object_unref(all);
}

static ibx_settings some_settings(void) {
    ibx_settings settings;
    memset(&settings, 0, sizeof settings);
    settings.limits.steps = 33;
    settings.limits.recipe_bytes = 4097;
    settings.limits.outputs = 9;
    return settings;
}

static void check_param(JsonObject *schema, const ibx_param *row) {
    JsonObject *property = member(member(schema, "properties"), row->name);
    assert_string_equal(json_object_get_string_member(property, "description"), row->doc);
    assert_true(json_object_has_member(property, "default"));
    if (row->unit && *row->unit)
        assert_string_equal(json_object_get_string_member(property, "x-unit"), row->unit);
    if (row->type == IBX_TYPE_FLOAT || row->type == IBX_TYPE_INT) {
        assert_true(json_object_get_double_member(property, "minimum") == row->min);
        assert_true(json_object_get_double_member(property, "maximum") == row->max);
    }
    if (row->type == IBX_TYPE_CHOICE)
        assert_string_equal(
            json_array_get_string_element(json_object_get_array_member(property, "enum"), 0),
            row->choices[0]);
}

static void check_schema(JsonObject *schemas, const char *prefix, const char *name,
                         const ibx_param *rows) {
    char key[64];
    snprintf(key, sizeof key, "%s-%s", prefix, name);
    JsonObject *schema = member(schemas, key);
    for (const ibx_param *row = rows; row && row->name; row++)
        if (row->type != IBX_TYPE_FILE) check_param(schema, row);
}

static void test_schemas(void **unused) {
    (void)unused;
    const ibx_settings settings = some_settings();
    JsonParser *parser = parse(ibx_document_openapi(&settings));
    assert_string_equal(json_object_get_string_member(root(parser), "openapi"), "3.1.0");
    JsonObject *schemas = member(member(root(parser), "components"), "schemas");
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        check_schema(schemas, "step", filter[i]->name, filter[i]->params);
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++)
        check_schema(schemas, "save", format[i]->name, format[i]->params);
    assert_int_equal(json_object_get_int_member(member(schemas, "Recipe"), "maxLength"), 4097);
    JsonObject *outputs = member(member(member(schemas, "Outputs"), "properties"), "outputs");
    assert_int_equal(json_object_get_int_member(outputs, "maxItems"), 9);
    g_object_unref(parser);
}

/* Every reference leads somewhere. */
static void check_references(JsonNode *node, JsonObject *components) {
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array); i++)
            check_references(json_array_get_element(array, i), components);
    }
    if (!JSON_NODE_HOLDS_OBJECT(node)) return;
    JsonObject *object = json_node_get_object(node);
    GList *keys = json_object_get_members(object);
    for (GList *key = keys; key; key = key->next) {
        if (strcmp(key->data, "$ref") == 0) {
            char group[32], name[64];
            const char *to = json_object_get_string_member(object, "$ref");
            assert_int_equal(sscanf(to, "#/components/%31[^/]/%63s", group, name), 2);
            member(member(components, group), name);
        } else {
            check_references(json_object_get_member(object, key->data), components);
        }
    }
    g_list_free(keys);
}

static int count_parameters(JsonObject *operation) {
    return (int)json_array_get_length(json_object_get_array_member(operation, "parameters"));
}

static void test_paths(void **unused) {
    (void)unused;
    ibx_settings settings = some_settings();
    settings.auth.token = (char[]){"secret"};
    char *text = ibx_document_openapi(&settings);
    assert_null(strstr(text, "secret"));
    JsonParser *parser = parse(text);
    JsonObject *paths = member(root(parser), "paths");
    JsonObject *process = member(member(paths, "/v1/process/{recipe}"), "post");
    JsonObject *replies = member(process, "responses");
    JsonObject *types = member(member(replies, "200"), "content");
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) member(types, format[i]->mime);
    member(replies, "default");
    assert_int_equal(json_array_get_length(json_object_get_array_member(process, "security")), 1);
    JsonObject *file = member(paths, "/v1/{signature}/{recipe}/file/{path}");
    assert_int_equal(count_parameters(member(file, "get")), 3 + 3); /* of the path; of the head */
    assert_int_equal(count_parameters(process), 1 + 3);
    assert_int_equal(count_parameters(member(member(paths, "/v1/info"), "post")), 3);
    assert_int_equal(count_parameters(member(member(paths, "/v1/filters/{name}"), "get")), 1);
    assert_false(json_object_has_member(member(member(paths, "/ui/"), "get"), "parameters"));
    member(file, "head");
    check_references(json_parser_get_root(parser), member(root(parser), "components"));
    g_object_unref(parser);
}

/* What the page names is there, and it names nothing that its policy forbids. */
static void test_page(void **unused) {
    (void)unused;
    ibx_bytes index, other;
    const char *mime;
    assert_true(ibx_document_page("", &index, &mime));
    assert_string_equal(mime, "text/html; charset=utf-8");
    assert_memory_equal(index.data, "<!doctype html>", 15);
    static const char *const NAMES[] = {"app.js",   "compare.js", "form.js", "recipe.js",
                                        "steps.js", "style.css",  "icon.svg"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_true(ibx_document_page(NAMES[i], &other, &mime));
        assert_in_range(other.size, 100, 100000);
        assert_int_equal(((const char *)other.data)[other.size - 1], '\n');
        assert_null(memmem(other.data, other.size, "https:", 6));
    }
    assert_null(memmem(index.data, index.size, " style=", 7));
    assert_null(memmem(index.data, index.size, " onclick=", 9));
    assert_null(memmem(index.data, index.size, "//", 2));
    assert_false(ibx_document_page("../index.html", &other, &mime));
    assert_false(ibx_document_page("app.j", &other, &mime));
}

/* Prints the document, for validators. */
static int print_openapi(void) {
    const ibx_settings settings = some_settings();
    char *text = ibx_document_openapi(&settings);
    const int printed = text ? printf("%s", text) : -1;
    free(text);
    return printed > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--openapi") == 0) return print_openapi();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
