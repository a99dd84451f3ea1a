/* parts.c - multipart bodies. */
#include "server/api/upload.h"

static char *text_of(GBytes *bytes) {
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    return g_strndup(data ? data : "", size);
}

/* The name and file name that a part's Content-Disposition gives. */
static char *part_name(SoupMessageHeaders *headers, char **file) {
    char *disposition;
    GHashTable *params;
    *file = NULL;
    if (!soup_message_headers_get_content_disposition(headers, &disposition, &params)) return NULL;
    char *name = g_strdup(g_hash_table_lookup(params, "name"));
    *file = g_strdup(g_hash_table_lookup(params, "filename"));
    g_free(disposition);
    g_hash_table_destroy(params);
    return name;
}

static bool take_part(ibx_body_parts *parts, const char *name, const char *file, GBytes *body,
                      ibx_error *err) {
    char **text = NULL;
    if (!name) return ibx_fail(err, IBX_USAGE, "a part of the body has no name");
    if (strcmp(name, "recipe") == 0) text = &parts->recipe;
    if (strcmp(name, "outputs") == 0) text = &parts->outputs;
    if (!text && strcmp(name, "image") != 0)
        return ibx_fail(err, IBX_USAGE,
                        "there is a part \"%.40s\", but image, recipe and outputs are all that "
                        "there may be",
                        name);
    if (text ? *text != NULL : parts->image != NULL)
        return ibx_fail(err, IBX_USAGE, "the part %s is there twice", name);
    if (text) {
        *text = text_of(body);
        return true;
    }
    parts->image = g_bytes_ref(body);
    parts->file_name = g_strdup(file);
    return true;
}

bool ibx_body_read_parts(SoupMessageHeaders *headers, GBytes *body, ibx_body_parts *parts,
                         ibx_error *err) {
    *parts = (ibx_body_parts){0};
    SoupMultipart *multipart = soup_multipart_new_from_message(headers, body);
    if (!multipart)
        return ibx_fail(err, IBX_USAGE, "the body is not a complete multipart/form-data");
    bool ok = true;
    for (int i = 0; ok && i < soup_multipart_get_length(multipart); i++) {
        SoupMessageHeaders *part;
        GBytes *bytes;
        char *file, *name;
        soup_multipart_get_part(multipart, i, &part, &bytes);
        name = part_name(part, &file);
        ok = take_part(parts, name, file, bytes, err);
        g_free(name);
        g_free(file);
    }
    soup_multipart_free(multipart);
    if (ok && !parts->image)
        return ibx_fail(err, IBX_USAGE, "the body has no part with the name image");
    return ok;
}

void ibx_body_free_parts(ibx_body_parts *parts) {
    if (parts->image) g_bytes_unref(parts->image);
    g_free(parts->recipe);
    g_free(parts->outputs);
    g_free(parts->file_name);
    *parts = (ibx_body_parts){0};
}
