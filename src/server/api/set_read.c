/* set_read.c - the JSON of POST /v1/set. */
#include "server/api/set.h"
#include "server/api/shallow.h"
#include <json-glib/json-glib.h>
#include <stdio.h>

/* The document, its list, an object in that, and one more for whose mistake there is a sentence. */
enum { NESTING = 4 };

enum { NAME_BYTES = 100 }; /* of an output; what is added to it is a number and a suffix */

/* The text of a member of an object, or NULL. */
static const char *text_of(JsonObject *object, const char *name) {
    JsonNode *node = json_object_get_member(object, name);
    return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
                                                                   : NULL;
}

static bool read_member(JsonNode *node, int index, const ibx_settings *settings, const char *accept,
                        ibx_set_member *member, ibx_error *err) {
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *recipe = object ? text_of(object, "recipe") : NULL;
    const char *name = object ? text_of(object, "name") : NULL;
    if (!recipe || !name || json_object_get_size(object) != 2)
        return ibx_fail(err, IBX_USAGE,
                        "output %d must be an object with the texts name and recipe", index + 1);
    if (!*name || strlen(name) > NAME_BYTES)
        return ibx_fail(err, IBX_USAGE, "the name of output %d must have 1 to %d bytes", index + 1,
                        NAME_BYTES);
    ibx_error why = {0};
    member->name = g_strdup(name);
    if (ibx_wish_make(&member->wish, settings, recipe, accept, &why)) return true;
    *err = why;
    snprintf(err->text, sizeof err->text, "output %.40s: %.340s", name, why.text);
    return false;
}

static JsonArray *outputs_of(JsonParser *parser) {
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    JsonNode *list = object && json_object_get_size(object) == 1
                         ? json_object_get_member(object, "outputs")
                         : NULL;
    return list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
}

/* What no output says by itself: is its name its own, and is there room for its files? */
static bool check_together(const ibx_set_member *members, int last, const ibx_settings *settings,
                           ibx_error *err) {
    int files = 0;
    for (int i = 0; i <= last; i++) files += members[i].wish.outputs;
    if (files > settings->limits.outputs)
        return ibx_fail(err, IBX_USAGE, "the outputs make more than %d files, which are allowed",
                        settings->limits.outputs);
    for (int i = 0; i < last; i++)
        if (g_strcmp0(members[i].name, members[last].name) == 0)
            return ibx_fail(err, IBX_USAGE, "two outputs have the name %s", members[i].name);
    return true;
}

static int read_all(JsonArray *list, const ibx_settings *settings, const char *accept,
                    ibx_set_member **members, ibx_error *err) {
    const int count = (int)json_array_get_length(list);
    if (count < 1 || count > settings->limits.outputs) {
        ibx_fail(err, IBX_USAGE, "there must be 1 to %d outputs, not %d", settings->limits.outputs,
                 count);
        return 0;
    }
    ibx_set_member *all = *members = g_new0(ibx_set_member, count);
    for (int i = 0; i < count; i++) {
        JsonNode *node = json_array_get_element(list, (guint)i);
        if (read_member(node, i, settings, accept, &all[i], err) &&
            check_together(all, i, settings, err))
            continue;
        ibx_set_free(all, count);
        *members = NULL;
        return 0;
    }
    return count;
}

int ibx_set_read(const char *json, const ibx_settings *settings, const char *accept,
                 ibx_set_member **members, ibx_error *err) {
    JsonParser *parser = json_parser_new_immutable();
    JsonArray *list = NULL;
    int count = 0;
    /* The parser recurses, so it is not shown what is deep. */
    if (!ibx_json_is_shallow(json, NESTING) || !json_parser_load_from_data(parser, json, -1, NULL))
        ibx_fail(err, IBX_USAGE,
                 "the part outputs is not JSON, or lists and objects are nested "
                 "more than %d deep",
                 NESTING);
    else if (!(list = outputs_of(parser)))
        ibx_fail(err, IBX_USAGE,
                 "the part outputs must be {\"outputs\": [{\"name\": .., \"recipe\": ..}, ..]}");
    else
        count = read_all(list, settings, accept, members, err);
    g_object_unref(parser);
    return count;
}

void ibx_set_free(ibx_set_member *members, int count) {
    for (int i = 0; i < count; i++) {
        g_free(members[i].name);
        ibx_wish_free(&members[i].wish);
    }
    g_free(members);
}
