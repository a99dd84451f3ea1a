/* openapi_schemas.c - JSON Schemas of what goes in and comes out, most of them from the tables. */
#include "describe/parts.h"
#include "server/api/openapi.h"

/* ---- steps
 * ------------------------------------------------------------------------------------------ */

/* How each type of parameter is said in JSON. Where a recipe has a spelling of its own, it is a
 * string of that pattern. A file of the server's is nothing that a request may name. */
static const struct {
    const char *type, *pattern;
    bool range; /* minimum and maximum hold for the value itself */
    bool sides; /* ..for pixels in it */
} KINDS[] = {
    [IBX_TYPE_FLOAT] = {"number", NULL, true, false},
    [IBX_TYPE_INT] = {"integer", NULL, true, false},
    [IBX_TYPE_BOOL] = {"boolean", NULL, false, false},
    [IBX_TYPE_CHOICE] = {"string", NULL, false, false},
    [IBX_TYPE_COLOUR] = {"string",
                         "^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|#[0-9a-fA-F]{8}|white|black|"
                         "transparent)$",
                         false, false},
    [IBX_TYPE_TEXT] = {"string", NULL, false, false},
    [IBX_TYPE_EXTENT] = {"string", "^([0-9]+(x[0-9]*)?|x[0-9]+|[0-9]+(\\.[0-9]+)?%)$", false, true},
    [IBX_TYPE_LENGTH] = {"string", "^-?[0-9]+(\\.[0-9]+)?%?$", false, true},
};

static void put_words(ibx_json *j, const char *key, const char *const *words, int most) {
    ibx_json_open(j, key, '[');
    for (int i = 0; i < most && words[i]; i++) ibx_json_text(j, NULL, words[i]);
    ibx_json_close(j, ']');
}

static void put_default(ibx_json *j, const ibx_param *row, const ibx_param *rows, size_t size) {
    if (row->type == IBX_TYPE_BOOL)
        ibx_json_bool(j, "default", row->def != 0);
    else if (KINDS[row->type].range)
        ibx_json_number(j, "default", row->def);
    else
        ibx_json_text(j, "default", ibx_default_of(row, rows, size).text);
}

static void put_param(ibx_json *j, const ibx_param *row, const ibx_param *rows, size_t size) {
    ibx_json_open(j, row->name, '{');
    ibx_json_text(j, "type", KINDS[row->type].type);
    ibx_json_text(j, "description", row->doc);
    if (KINDS[row->type].pattern) ibx_json_text(j, "pattern", KINDS[row->type].pattern);
    if (KINDS[row->type].range || KINDS[row->type].sides) {
        ibx_json_number(j, KINDS[row->type].range ? "minimum" : "x-minimum", row->min);
        ibx_json_number(j, KINDS[row->type].range ? "maximum" : "x-maximum", row->max);
    }
    if (row->choices) put_words(j, "enum", row->choices, INT32_MAX);
    put_default(j, row, rows, size);
    if (row->unit && *row->unit) ibx_json_text(j, "x-unit", row->unit);
    ibx_json_close(j, '}');
}

static void put_params(ibx_json *j, const ibx_param *rows, size_t size) {
    ibx_json_text(j, "type", "object");
    ibx_json_open(j, "properties", '{');
    for (const ibx_param *row = rows; row && row->name; row++)
        if (row->type != IBX_TYPE_FILE) put_param(j, row, rows, size);
    ibx_json_close(j, '}');
    ibx_json_bool(j, "additionalProperties", false);
}

static void put_filter(ibx_json *j, const ibx_filter *filter) {
    char name[64];
    snprintf(name, sizeof name, "step-%s", filter->name);
    ibx_json_open(j, name, '{');
    ibx_json_text(j, "title", filter->summary);
    if (filter->details) ibx_json_text(j, "description", filter->details);
    ibx_json_text(j, "x-category", filter->category);
    put_words(j, "x-recipes", filter->examples, 4);
    put_params(j, filter->params, filter->params_size);
    ibx_json_close(j, '}');
}

static void put_format(ibx_json *j, const ibx_format *format) {
    char name[64];
    snprintf(name, sizeof name, "save-%s", format->name);
    ibx_json_open(j, name, '{');
    ibx_json_text(j, "title", format->summary);
    ibx_json_text(j, "x-mime", format->mime);
    put_params(j, format->params, format->params_size);
    ibx_json_close(j, '}');
}

/* ---- what goes in and comes out
 * ----------------------------------------------------------------------- */

/* A property; type NULL: a text or null. */
typedef struct {
    const char *name, *type, *doc;
} property;

/* What only some problems have. */
static const property PROBLEM[] = {
    {"type", "string", "urn:imbrex:problem: and a word, such as bad-parameter."},
    {"title", "string", "The kind of problem, the same for all of its type."},
    {"status", "integer", "The HTTP status."},
    {"detail", "string", "One sentence: what, where, and what to do."},
    {"instance", "string", "urn:request: and the id of the request, as in X-Request-Id."},
    {"step", "integer", "The number of the recipe's step, from 1."},
    {"name", "string", "The step's filter, as it was spelled."},
    {"parameter", "string", "The parameter of the step."},
    {"value", "string", "The value, as it was spelled."},
    {"min", "number", "Least value of the parameter."},
    {"max", "number", "Largest value of the parameter."},
    {"unit", "string", "Unit of the parameter."},
    {"choices", "array", "Words that the parameter takes."},
    {NULL, NULL, NULL}};

static const property INFO[] = {
    {"format", "string", "The format of the file, by what is in it."},
    {"width", "integer", "Pixels, as stored."},
    {"height", "integer", "Pixels, as stored."},
    {"bytes", "integer", "Size of the file."},
    {"sha256", "string", "Hash of the file's bytes, in hexadecimal."},
    {"colours", "integer", "Channels without transparency: 1 gray, 3 RGB, 4 CMYK."},
    {"alpha", "boolean", "Whether it has transparency."},
    {"depth", "integer", "Bits per sample."},
    {"orientation", "integer", "The EXIF orientation, 1 to 8."},
    {"pages", "integer", "Images in the file; the first is taken."},
    {"progressive", "boolean", "Whether it is stored coarse to fine."},
    {"profile", NULL, "Description of the ICC profile; null without one."},
    {"exif_bytes", "integer", "Bytes of EXIF."},
    {"xmp_bytes", "integer", "Bytes of XMP."},
    {"iptc_bytes", "integer", "Bytes of IPTC."},
    {NULL, NULL, NULL}};

static const property FILTER[] = {
    {"name", "string", "As recipes write it."},
    {"label", "string", "As menus write it."},
    {"category", "string", "What it is about."},
    {"summary", "string", "One sentence."},
    {"details", "string", "Paragraphs: what it does, and when to use it."},
    {"examples", "array", "Recipes."},
    {"parameters", "array", "In the order of values without a name; null where there is no value."},
    {NULL, NULL, NULL}};

static const property FILTERS[] = {{"version", "string", "Of the server."},
                                   {"filters", "array", "Filters in alphabetical order."},
                                   {"formats", "array", "Formats that images can be saved in."},
                                   {NULL, NULL, NULL}};

static void put_properties(ibx_json *j, const property *p) {
    ibx_json_open(j, "properties", '{');
    for (; p->name; p++) {
        ibx_json_open(j, p->name, '{');
        if (p->type)
            ibx_json_text(j, "type", p->type);
        else
            put_words(j, "type", (const char *const[]){"string", "null"}, 2);
        ibx_json_text(j, "description", p->doc);
        ibx_json_close(j, '}');
    }
    ibx_json_close(j, '}');
}

static void put_object(ibx_json *j, const char *name, const property *p, int required) {
    ibx_json_open(j, name, '{');
    ibx_json_text(j, "type", "object");
    put_properties(j, p);
    ibx_json_open(j, "required", '[');
    for (int i = 0; i < required; i++) ibx_json_text(j, NULL, p[i].name);
    ibx_json_close(j, ']');
    ibx_json_close(j, '}');
}

static void put_recipe(ibx_json *j, const ibx_settings *settings) {
    char doc[600];
    snprintf(doc, sizeof doc,
             "At most %d steps, separated by \"/\", newlines or blanks: NAME, or NAME:VALUE,... "
             "with values in the order of the step's parameters or as KEY=VALUE. Numbers, words, "
             "800x600, 50%%, yes, no, #rrggbb, \"quoted text\". The schemas step-NAME have the "
             "parameters of NAME, save-FORMAT those of save:FORMAT, which ends a recipe with the "
             "format of the result.",
             settings->limits.steps);
    ibx_json_open(j, "Recipe", '{');
    ibx_json_text(j, "type", "string");
    ibx_json_text(j, "description", doc);
    if (settings->limits.recipe_bytes > 0)
        ibx_json_int(j, "maxLength", settings->limits.recipe_bytes);
    ibx_json_close(j, '}');
}

/* {"outputs": [{"name": "a", "recipe": "..."}]} */
static void put_outputs(ibx_json *j, const ibx_settings *settings) {
    ibx_json_open(j, "Outputs", '{');
    ibx_json_text(j, "type", "object");
    ibx_json_open(j, "properties", '{');
    ibx_json_open(j, "outputs", '{');
    ibx_json_text(j, "type", "array");
    ibx_json_int(j, "minItems", 1);
    if (settings->limits.outputs > 0) ibx_json_int(j, "maxItems", settings->limits.outputs);
    ibx_json_open(j, "items", '{');
    ibx_json_text(j, "type", "object");
    ibx_json_open(j, "properties", '{');
    ibx_json_open(j, "name", '{');
    ibx_json_text(j, "type", "string");
    ibx_json_close(j, '}');
    ibx_openapi_refer(j, "recipe", "schemas", "Recipe");
    ibx_json_close(j, '}');
    put_words(j, "required", (const char *const[]){"name", "recipe"}, 2);
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
    ibx_json_close(j, '}');
    put_words(j, "required", (const char *const[]){"outputs"}, 1);
    ibx_json_close(j, '}');
}

/* A form of the image and one more part, of a schema of that name. */
static void put_form(ibx_json *j, const char *name, const char *part, const char *schema) {
    ibx_json_open(j, name, '{');
    ibx_json_text(j, "type", "object");
    ibx_json_open(j, "properties", '{');
    ibx_json_open(j, "image", '{');
    ibx_json_text(j, "type", "string");
    ibx_json_text(j, "contentMediaType", "application/octet-stream");
    ibx_json_close(j, '}');
    if (part) ibx_openapi_refer(j, part, "schemas", schema);
    ibx_json_close(j, '}');
    put_words(j, "required", (const char *const[]){"image", part, NULL}, 2);
    ibx_json_close(j, '}');
}

void ibx_openapi_schemas(ibx_json *j, const ibx_settings *settings) {
    size_t count;
    ibx_json_open(j, "schemas", '{');
    put_recipe(j, settings);
    put_outputs(j, settings);
    put_form(j, "ImageForm", NULL, NULL);
    put_form(j, "RecipeForm", "recipe", "Recipe");
    put_form(j, "OutputsForm", "outputs", "Outputs");
    put_object(j, "Info", INFO, 5);
    put_object(j, "Filters", FILTERS, 3);
    put_object(j, "Filter", FILTER, 4);
    put_object(j, "Problem", PROBLEM, 3);
    const ibx_filter *const *filter = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) put_filter(j, filter[i]);
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) put_format(j, format[i]);
    ibx_json_close(j, '}');
}
