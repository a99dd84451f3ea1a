/* openapi_routes.c - what can be asked of the server, route by route. */
#include "server/api/openapi.h"

/* ---- parameters --------------------------------------------------------------------------------
 */

enum { TEXT, NUMBER, FIELD };

/* Parts of the path, and fields of the head that every request for an image may have. Names of
 * components are their names here. */
static const struct {
    const char *name, *doc, *example;
    int traits;
} PARAMETERS[] = {
    {"signature",
     "Key and HMAC over what stands behind it, as \"imbrex sign\" makes them; \"-\" where unsigned "
     "requests are accepted.",
     "-", TEXT},
    {"recipe",
     "Steps as on the command line, separated by \"/\" and percent-encoded; the \"/\" may stand as "
     "it is. The schema Recipe has the grammar.",
     "resize:640x480/save:jpeg,quality=80", TEXT},
    {"path", "A file below the server's root, percent-encoded; \"/\" may stand as it is.",
     "holiday/beach.jpg", TEXT},
    {"address", "An http or https address in base64url (RFC 4648, 5) without padding.",
     "aHR0cHM6Ly9pbWcuZXhhbXBsZS5vcmcvYS5qcGc", TEXT},
    {"alias", "A bucket, by the name that the settings give it.", "photos", TEXT},
    {"key", "An object of the bucket, percent-encoded; \"/\" may stand as it is.", "2024/beach.jpg",
     TEXT},
    {"name", "The name of a filter.", NULL, TEXT},
    {"identifier", "A file below the server's root, percent-encoded, \"/\" as \"%2F\".",
     "holiday%2Fbeach.jpg", TEXT},
    {"region", "full, square, x,y,w,h or pct:x,y,w,h.", "full", TEXT},
    {"size", "max, w, or ,h or pct:n or w,h or !w,h; with ^ in front larger than the region.",
     "max", TEXT},
    {"rotation", "Degrees clockwise, 0 to 360; with ! in front mirrored first.", "0", TEXT},
    {"quality", "default, color, gray or bitonal.", "default", TEXT},
    {"format", "The suffix of a format, as info.json lists them.", "jpg", TEXT},
    {"level", "The level of the pyramid; 0 is a single pixel.", NULL, NUMBER},
    {"column", "The column of the tile, from 0.", NULL, NUMBER},
    {"row", "The row of the tile, from 0.", NULL, NUMBER},
    {"Imbrex-Deadline",
     "Milliseconds from the request on, fetching its source included, after which nobody waits for "
     "the reply any more; then it is 504. The server's own limits hold as well.",
     NULL, FIELD | NUMBER},
    {"X-Request-Id", "Up to 64 letters, digits, \"-\" and \"_\" for log and reply.", NULL, FIELD},
    {"traceparent",
     "The trace that the request is part of (W3C Trace Context): its ids are in the log, and a "
     "server that the source is fetched from is told. What is not valid is ignored.",
     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", FIELD},
};
enum { PARAMETER_COUNT = sizeof PARAMETERS / sizeof *PARAMETERS };

static void put_parameter(ibx_json *j, int i) {
    ibx_json_open(j, PARAMETERS[i].name, '{');
    ibx_json_text(j, "name", PARAMETERS[i].name);
    ibx_json_text(j, "in", PARAMETERS[i].traits & FIELD ? "header" : "path");
    ibx_json_bool(j, "required", !(PARAMETERS[i].traits & FIELD));
    ibx_json_text(j, "description", PARAMETERS[i].doc);
    ibx_json_open(j, "schema", '{');
    ibx_json_text(j, "type", PARAMETERS[i].traits & NUMBER ? "integer" : "string");
    if (PARAMETERS[i].traits & NUMBER) ibx_json_int(j, "minimum", 0);
    ibx_json_close(j, '}');
    if (PARAMETERS[i].example) ibx_json_text(j, "example", PARAMETERS[i].example);
    ibx_json_close(j, '}');
}

/* Refers to every parameter whose "{name}" is in the path; to the fields, where these count. */
static void refer_to_parameters(ibx_json *j, const char *path, bool fields) {
    ibx_json_open(j, "parameters", '[');
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        char braced[40];
        snprintf(braced, sizeof braced, "{%s}", PARAMETERS[i].name);
        if (PARAMETERS[i].traits & FIELD ? fields : strstr(path, braced) != NULL)
            ibx_openapi_refer(j, NULL, "parameters", PARAMETERS[i].name);
    }
    ibx_json_close(j, ']');
}

/* ---- bodies and replies
 * ---------------------------------------------------------------------------- */

typedef enum {
    BODY_NONE,
    BODY_IMAGE,
    BODY_IMAGE_OR_FORM, /* multipart with the image alone */
    BODY_RECIPE,        /* ..with image and recipe */
    BODY_OUTPUTS        /* ..with image and a list of recipes */
} body_kind;

typedef enum {
    REPLY_IMAGE,
    REPLY_SET,
    REPLY_INFO,
    REPLY_FILTERS,
    REPLY_FILTER,
    REPLY_DOCUMENT,
    REPLY_IIIF_INFO,
    REPLY_SEE_OTHER,
    REPLY_DESCRIPTOR,
    REPLY_PAGE
} reply_kind;

static const struct {
    const char *status, *doc, *mime, *schema; /* mime NULL: the formats', or none */
} REPLIES[] = {
    [REPLY_IMAGE] = {"200", "The image.", NULL, NULL},
    [REPLY_SET] = {"200", "The images in the order in which they were asked for, a part for each.",
                   "multipart/mixed", NULL},
    [REPLY_INFO] = {"200", "What is in the file.", "application/json", "Info"},
    [REPLY_FILTERS] = {"200", "All filters and formats.", "application/json", "Filters"},
    [REPLY_FILTER] = {"200", "One filter.", "application/json", "Filter"},
    [REPLY_DOCUMENT] = {"200", "OpenAPI 3.1.", "application/json", NULL},
    [REPLY_IIIF_INFO] = {"200", "Image information.", "application/ld+json", NULL},
    [REPLY_SEE_OTHER] = {"303", "The image information is at the location.", NULL, NULL},
    [REPLY_DESCRIPTOR] = {"200", "The size of the image and of its tiles.", "application/xml",
                          NULL},
    [REPLY_PAGE] = {"200", "The page.", "text/html", NULL},
};

static void put_header(ibx_json *j, const char *name, const char *doc) {
    ibx_json_open(j, name, '{');
    ibx_json_text(j, "description", doc);
    ibx_json_open(j, "schema", '{');
    ibx_json_text(j, "type", "string");
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

static void put_image_headers(ibx_json *j) {
    ibx_json_open(j, "headers", '{');
    put_header(j, "ETag", "Changes with the bytes of the reply.");
    put_header(j, "Server-Timing",
               "Milliseconds of fetch, queue, read, decode, filter and encode (W3C Server "
               "Timing).");
    put_header(j, "Imbrex-Size", "Size before and after, \"4640x3480>512x384\".");
    put_header(j, "Imbrex-Cache", "Whether the reply was computed for this request.");
    ibx_json_close(j, '}');
}

static void put_image_types(ibx_json *j) {
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) ibx_openapi_content(j, format[i]->mime, NULL);
}

static void put_reply(ibx_json *j, reply_kind kind, bool with_body) {
    const char *mime = REPLIES[kind].mime;
    ibx_json_open(j, REPLIES[kind].status, '{');
    ibx_json_text(j, "description", REPLIES[kind].doc);
    if (kind == REPLY_IMAGE) put_image_headers(j);
    if (kind == REPLY_SEE_OTHER) {
        ibx_json_open(j, "headers", '{');
        put_header(j, "Location", "The address of info.json.");
        ibx_json_close(j, '}');
    }
    if (with_body && (mime || kind == REPLY_IMAGE)) {
        ibx_json_open(j, "content", '{');
        if (mime)
            ibx_openapi_content(j, mime, REPLIES[kind].schema);
        else
            put_image_types(j);
        ibx_json_close(j, '}');
    }
    ibx_json_close(j, '}');
}

/* Forms by body_kind; a body that is one may not be the image's bytes alone, unless the address has
 * the recipe. */
static const char *const FORMS[] = {[BODY_IMAGE_OR_FORM] = "ImageForm",
                                    [BODY_RECIPE] = "RecipeForm",
                                    [BODY_OUTPUTS] = "OutputsForm"};

/* Part `outputs` is JSON within the form. */
static void put_outputs_form(ibx_json *j) {
    ibx_json_open(j, "multipart/form-data", '{');
    ibx_openapi_refer(j, "schema", "schemas", FORMS[BODY_OUTPUTS]);
    ibx_json_open(j, "encoding", '{');
    ibx_json_open(j, "outputs", '{');
    ibx_json_text(j, "contentType", "application/json");
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

static void put_body(ibx_json *j, body_kind kind) {
    ibx_json_open(j, "requestBody", '{');
    ibx_json_bool(j, "required", true);
    ibx_json_open(j, "content", '{');
    if (kind == BODY_IMAGE || kind == BODY_IMAGE_OR_FORM) {
        ibx_openapi_content(j, "image/*", NULL);
        ibx_openapi_content(j, "application/octet-stream", NULL);
    }
    if (kind == BODY_OUTPUTS)
        put_outputs_form(j);
    else if (kind != BODY_IMAGE)
        ibx_openapi_content(j, "multipart/form-data", FORMS[kind]);
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

/* ---- routes
 * ---------------------------------------------------------------------------------------- */

typedef struct {
    const char *path, *id, *summary;
    body_kind body; /* with one it is a POST, without a GET */
    reply_kind reply;
    bool head; /* HEAD too */
} route;

static const route ROUTES[] = {
    {"/v1/{signature}/{recipe}/file/{path}", "File", "A file of the server through a recipe.",
     BODY_NONE, REPLY_IMAGE, true},
    {"/v1/{signature}/{recipe}/url/{address}", "Address",
     "An image of another server, which the settings must allow, through a recipe.", BODY_NONE,
     REPLY_IMAGE, true},
    {"/v1/{signature}/{recipe}/s3/{alias}/{key}", "Bucket",
     "An object of a bucket through a recipe.", BODY_NONE, REPLY_IMAGE, true},
    {"/v1/process/{recipe}", "Process", "An uploaded image through a recipe.", BODY_IMAGE_OR_FORM,
     REPLY_IMAGE, false},
    {"/v1/process", "ProcessForm", "The same, with the recipe in the form.", BODY_RECIPE,
     REPLY_IMAGE, false},
    {"/v1/set/{recipe}", "Set", "Every file that a recipe saves, from one upload.",
     BODY_IMAGE_OR_FORM, REPLY_SET, false},
    {"/v1/set", "SetForm", "Several images from one upload, each with a recipe of its own.",
     BODY_OUTPUTS, REPLY_SET, false},
    {"/v1/info", "Info", "What is in an uploaded image.", BODY_IMAGE, REPLY_INFO, false},
    {"/v1/filters", "Filters", "The table of filters and formats.", BODY_NONE, REPLY_FILTERS,
     false},
    {"/v1/filters/{name}", "Filter", "One filter of that table.", BODY_NONE, REPLY_FILTER, false},
    {"/v1/openapi.json", "OpenApi", "This document.", BODY_NONE, REPLY_DOCUMENT, false},
    {"/iiif/3/{identifier}", "IiifBase", "The base of an image of the IIIF Image API 3.0.",
     BODY_NONE, REPLY_SEE_OTHER, false},
    {"/iiif/3/{identifier}/info.json", "IiifInfo", "Image information (IIIF Image API 3.0).",
     BODY_NONE, REPLY_IIIF_INFO, false},
    {"/iiif/3/{identifier}/{region}/{size}/{rotation}/{quality}.{format}", "IiifImage",
     "An image or a part of it (IIIF Image API 3.0, level 2 and more).", BODY_NONE, REPLY_IMAGE,
     true},
    {"/dz/{identifier}.dzi", "DeepZoom", "The descriptor of a Deep Zoom image.", BODY_NONE,
     REPLY_DESCRIPTOR, false},
    {"/dz/{identifier}_files/{level}/{column}_{row}.{format}", "DeepZoomTile",
     "A tile of a Deep Zoom image.", BODY_NONE, REPLY_IMAGE, true},
    {"/ui/", "Page", "The page on which recipes are tried, where the settings offer it.", BODY_NONE,
     REPLY_PAGE, false},
};

static void put_token(ibx_json *j) {
    ibx_json_open(j, "security", '[');
    ibx_json_open(j, NULL, '{');
    ibx_json_open(j, "bearer", '[');
    ibx_json_close(j, ']');
    ibx_json_close(j, '}');
    ibx_json_close(j, ']');
}

static bool reads_image(reply_kind reply) {
    return reply == REPLY_IMAGE || reply == REPLY_IIIF_INFO || reply == REPLY_DESCRIPTOR;
}

static void put_operation(ibx_json *j, const route *r, const char *method, bool token) {
    char id[64];
    snprintf(id, sizeof id, "%s%s", method, r->id);
    ibx_json_open(j, method, '{');
    ibx_json_text(j, "operationId", id);
    ibx_json_text(j, "summary", r->summary);
    const bool fields = r->body || reads_image(r->reply);
    if (fields || strchr(r->path, '{')) refer_to_parameters(j, r->path, fields);
    if (r->body) put_body(j, r->body);
    if (r->body && token) put_token(j);
    ibx_json_open(j, "responses", '{');
    put_reply(j, r->reply, strcmp(method, "head") != 0);
    ibx_openapi_refer(j, "default", "responses", "Problem");
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}

void ibx_openapi_paths(ibx_json *j, const ibx_settings *settings) {
    const bool token = settings->auth.token && *settings->auth.token;
    ibx_json_open(j, "paths", '{');
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
        ibx_json_open(j, ROUTES[i].path, '{');
        put_operation(j, &ROUTES[i], ROUTES[i].body ? "post" : "get", token);
        if (ROUTES[i].head) put_operation(j, &ROUTES[i], "head", token);
        ibx_json_close(j, '}');
    }
    ibx_json_close(j, '}');
}

void ibx_openapi_shared(ibx_json *j) {
    ibx_json_open(j, "parameters", '{');
    for (int i = 0; i < PARAMETER_COUNT; i++) put_parameter(j, i);
    ibx_json_close(j, '}');
    ibx_json_open(j, "responses", '{');
    ibx_json_open(j, "Problem", '{');
    ibx_json_text(j, "description", "What was wrong, and where (RFC 9457).");
    ibx_json_open(j, "content", '{');
    ibx_openapi_content(j, "application/problem+json", "Problem");
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
}
