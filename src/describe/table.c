/* table.c - the tables of filters and formats as JSON, for tools. */
#include "core/label.h"
#include "core/param.h"
#include "describe/describe.h"
#include "describe/json.h"
#include "describe/parts.h"

static const char *const TYPES[] = {
    [IBX_TYPE_FLOAT] = "float",   [IBX_TYPE_INT] = "int",       [IBX_TYPE_BOOL] = "bool",
    [IBX_TYPE_CHOICE] = "choice", [IBX_TYPE_COLOUR] = "colour", [IBX_TYPE_TEXT] = "text",
    [IBX_TYPE_FILE] = "file",     [IBX_TYPE_EXTENT] = "extent", [IBX_TYPE_LENGTH] = "length"};

static bool has_range(ibx_type type) {
    return type == IBX_TYPE_FLOAT || type == IBX_TYPE_INT || type == IBX_TYPE_EXTENT ||
           type == IBX_TYPE_LENGTH;
}

static void put_words(ibx_json *j, const char *key, const char *const *words, int most) {
    ibx_json_open(j, key, '[');
    for (int i = 0; i < most && words[i]; i++) ibx_json_text(j, NULL, words[i]);
    ibx_json_close(j, ']');
}

static void put_default(ibx_json *j, const ibx_param *row, const ibx_param *rows, size_t size) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        ibx_json_number(j, "default", row->def);
        break;
    case IBX_TYPE_INT:
        ibx_json_int(j, "default", (int64_t)row->def);
        break;
    case IBX_TYPE_BOOL:
        ibx_json_bool(j, "default", row->def != 0);
        break;
    default:
        ibx_json_text(j, "default", ibx_default_of(row, rows, size).text);
    }
}

static void put_choices(ibx_json *j, const ibx_param *row) {
    put_words(j, "choices", row->choices, INT32_MAX);
    ibx_json_open(j, "labels", '[');
    for (int i = 0; row->choices[i]; i++) ibx_json_text(j, NULL, ibx_label_of_choice(row, i).text);
    ibx_json_close(j, ']');
}

static void put_params(ibx_json *j, const ibx_param *rows, size_t size) {
    ibx_json_open(j, "parameters", '[');
    for (const ibx_param *row = rows; row && row->name; row++) {
        ibx_json_open(j, NULL, '{');
        ibx_json_text(j, "name", row->name);
        ibx_json_text(j, "label", ibx_label_of_row(row).text);
        ibx_json_text(j, "type", TYPES[row->type]);
        if (has_range(row->type)) {
            ibx_json_number(j, "min", row->min);
            ibx_json_number(j, "max", row->max);
        }
        if (row->choices) put_choices(j, row);
        put_default(j, row, rows, size);
        ibx_json_text(j, "unit", row->unit);
        ibx_json_text(j, "doc", row->doc);
        ibx_json_close(j, '}');
    }
    ibx_json_close(j, ']');
}

static void put_filter(ibx_json *j, const ibx_filter *filter) {
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "name", filter->name);
    ibx_json_text(j, "label", ibx_label_of_filter(filter).text);
    ibx_json_text(j, "category", filter->category);
    ibx_json_text(j, "summary", filter->summary);
    ibx_json_text(j, "details", filter->details);
    put_words(j, "examples", filter->examples, 4);
    put_params(j, filter->params, filter->params_size);
    ibx_json_close(j, '}');
}

static void put_format(ibx_json *j, const ibx_format *format) {
    ibx_json_open(j, NULL, '{');
    ibx_json_text(j, "name", format->name);
    ibx_json_text(j, "summary", format->summary);
    ibx_json_text(j, "mime", format->mime);
    put_words(j, "suffixes", format->suffixes, INT32_MAX);
    ibx_json_bool(j, "keeps_alpha", format->traits & IBX_KEEPS_ALPHA);
    ibx_json_bool(j, "keeps_16_bits", format->traits & IBX_KEEPS_16);
    ibx_json_bool(j, "keeps_profile", format->traits & IBX_KEEPS_PROFILE);
    ibx_json_bool(j, "keeps_metadata", format->traits & IBX_KEEPS_METADATA);
    put_params(j, format->params, format->params_size);
    ibx_json_close(j, '}');
}

void ibx_describe_filter_json(FILE *out, const ibx_filter *filter) {
    ibx_json j = {.out = out, .pretty = true};
    put_filter(&j, filter);
}

void ibx_describe_json(FILE *out) {
    ibx_json j = {.out = out, .pretty = true};
    size_t count;
    ibx_json_open(&j, NULL, '{');
    ibx_json_text(&j, "version", ibx_version());
    ibx_json_open(&j, "filters", '[');
    const ibx_filter *const *filter = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) put_filter(&j, filter[i]);
    ibx_json_close(&j, ']');
    ibx_json_open(&j, "formats", '[');
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) put_format(&j, format[i]);
    ibx_json_close(&j, ']');
    ibx_json_close(&j, '}');
}
