/* multipart - fuzzes the reader of forms, api/multipart.h, and the look at JSON before it is
 * parsed, api/shallow.h. With clang: -fsanitize=fuzzer,address,undefined; without, replay.c runs
 * the corpus.
 *
 * A case is a boundary, a line feed and a body. The body lies in a block of its own, so no byte
 * is read that is not there. Whatever is accepted, written again from its parts, is accepted
 * again with the same parts. */
#include "server/api/multipart.h"
#include "server/api/shallow.h"
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 16384, NESTING = 4 };

static void demand(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* ---- forms --------------------------------------------------------------------------------- */

static bool lies_in(const void *at, size_t n, const uint8_t *body, size_t size) {
    const uint8_t *p = at;
    return p >= body && p <= body + size && n <= (size_t)(body + size - p);
}

static GString *written(const ibx_form_part *part, int count, const char *boundary) {
    GString *text = g_string_new(NULL);
    for (int i = 0; i < count; i++) {
        g_string_append_printf(text, "--%s\r\nContent-Disposition: form-data; name=\"", boundary);
        g_string_append_len(text, part[i].name, (gssize)part[i].name_size);
        g_string_append(text, "\"\r\n\r\n");
        g_string_append_len(text, (const char *)part[i].data, (gssize)part[i].size);
        g_string_append(text, "\r\n");
    }
    g_string_append_printf(text, "--%s--\r\n", boundary);
    return text;
}

static void check_again(const ibx_form_part *part, int count, const char *boundary) {
    ibx_form_part again[IBX_FORM_PARTS];
    ibx_error err = {0};
    GString *text = written(part, count, boundary);
    demand(ibx_multipart_read((const uint8_t *)text->str, text->len, boundary, again, &err) ==
               count,
           "what is written again has another number of parts");
    for (int i = 0; i < count; i++)
        demand(again[i].name_size == part[i].name_size && again[i].size == part[i].size &&
                   memcmp(again[i].name, part[i].name, part[i].name_size) == 0 &&
                   memcmp(again[i].data, part[i].data, part[i].size) == 0,
               "what is written again has other parts");
    g_string_free(text, TRUE);
}

static void check_form(const uint8_t *body, size_t size, const char *boundary) {
    ibx_form_part part[IBX_FORM_PARTS];
    ibx_error err = {0};
    const int count = ibx_multipart_read(body, size, boundary, part, &err);
    demand(count <= IBX_FORM_PARTS, "too many parts");
    demand((count < 0) == (err.text[0] != 0), "a verdict without its sentence");
    if (count < 0) return;
    for (int i = 0; i < count; i++)
        demand(lies_in(part[i].name, part[i].name_size, body, size) &&
                   lies_in(part[i].data, part[i].size, body, size),
               "a part that is no slice of the body");
    check_again(part, count, boundary);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static int depth_of(JsonNode *node) {
    int deepest = 0;
    GList *inside = JSON_NODE_HOLDS_ARRAY(node) ? json_array_get_elements(json_node_get_array(node))
                    : JSON_NODE_HOLDS_OBJECT(node)
                        ? json_object_get_values(json_node_get_object(node))
                        : NULL;
    for (GList *i = inside; i; i = i->next) {
        const int depth = depth_of(i->data);
        if (depth > deepest) deepest = depth;
    }
    g_list_free(inside);
    return deepest + !JSON_NODE_HOLDS_VALUE(node);
}

/* The parser may not find more depth in a text than was counted. */
static void check_json(const char *text) {
    if (!ibx_json_is_shallow(text, NESTING)) return;
    JsonParser *parser = json_parser_new_immutable();
    if (json_parser_load_from_data(parser, text, -1, NULL) && json_parser_get_root(parser))
        demand(depth_of(json_parser_get_root(parser)) <= NESTING, "deeper than was counted");
    g_object_unref(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > MOST) return 0;
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    if (!line) return 0;
    char *boundary = g_strndup((const char *)data, (gsize)(line - data));
    const size_t n = (size_t)(data + size - line - 1);
    uint8_t *body = malloc(n ? n : 1);
    demand(body != NULL, "no memory");
    memcpy(body, line + 1, n);
    char *text = g_strndup((const char *)body, n);
    check_form(body, n, boundary);
    check_json(text);
    g_free(text);
    g_free(boundary);
    free(body);
    return 0;
}
