/* parts.c - multipart bodies: which parts there may be, and what they are for. */
#include "server/api/parts.h"
#include <glib.h>

static bool is(const ibx_form_part *part, const char *name) {
    return part->name_size == strlen(name) && memcmp(part->name, name, part->name_size) == 0;
}

static bool take_text(char **text, const char *name, const ibx_form_part *part, ibx_error *err) {
    if (*text) return ibx_fail(err, IBX_USAGE, "the part %s is there twice", name);
    if (part->size > IBX_BODY_TEXT_BYTES)
        return ibx_fail(err, IBX_USAGE, "the part %s has %zu bytes, but %d are the most", name,
                        part->size, IBX_BODY_TEXT_BYTES);
    if (memchr(part->data, 0, part->size))
        return ibx_fail(err, IBX_USAGE, "the part %s is not text: it has a NUL", name);
    *text = g_strndup((const char *)part->data, part->size);
    return true;
}

static bool take_image(ibx_body_parts *parts, const ibx_form_part *part, ibx_error *err) {
    if (parts->image) return ibx_fail(err, IBX_USAGE, "the part image is there twice");
    parts->image = part->data;
    parts->size = part->size;
    return true;
}

static bool take_part(ibx_body_parts *parts, const ibx_form_part *part, ibx_error *err) {
    if (is(part, "image")) return take_image(parts, part, err);
    if (is(part, "recipe")) return take_text(&parts->recipe, "recipe", part, err);
    if (is(part, "outputs")) return take_text(&parts->outputs, "outputs", part, err);
    char *name = g_utf8_make_valid(part->name, (gssize)part->name_size);
    ibx_fail(err, IBX_USAGE,
             "there is a part \"%.40s\", but image, recipe and outputs are all that there may be",
             name);
    g_free(name);
    return false;
}

bool ibx_body_read_parts(const uint8_t *body, size_t size, const char *boundary,
                         ibx_body_parts *parts, ibx_error *err) {
    ibx_form_part part[IBX_FORM_PARTS];
    *parts = (ibx_body_parts){0};
    const int count = ibx_multipart_read(body, size, boundary, part, err);
    if (count < 0) return false;
    for (int i = 0; i < count; i++)
        if (!take_part(parts, &part[i], err)) return false;
    return parts->image || ibx_fail(err, IBX_USAGE, "the body has no part with the name image");
}

void ibx_body_free_parts(ibx_body_parts *parts) {
    g_free(parts->recipe);
    g_free(parts->outputs);
    *parts = (ibx_body_parts){0};
}
