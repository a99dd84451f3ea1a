/* value_parse.c - reads the value of a parameter. */
#include "core/value.h"
#include <stdlib.h>

/* Whole numbers, [+-]digits, up to `end`. */
static bool parse_int(const char *s, const char *end, int *value) {
    const bool negative = s < end && *s == '-';
    if (s < end && (*s == '+' || *s == '-')) s++;
    if (s == end) return false;
    int64_t v = 0;
    for (; s < end; s++) {
        if (*s < '0' || *s > '9') return false;
        v = v * 10 + (*s - '0');
        if (v > INT32_MAX) return false;
    }
    *value = (int)(negative ? -v : v);
    return true;
}

static bool in_range(const ibx_param *row, int value) {
    return value >= row->min && value <= row->max;
}

/* Compared as floats: 0.1 as a float lies above 0.1. */
static bool in_float_range(const ibx_param *row, float value) {
    return value >= (float)row->min && value <= (float)row->max;
}

static bool parse_bool(const char *s, bool *value) {
    *value = strcmp(s, "yes") == 0;
    return *value || strcmp(s, "no") == 0;
}

static bool parse_choice(const ibx_param *row, const char *s, int *value) {
    for (int i = 0; row->choices[i]; i++)
        if (strcmp(s, row->choices[i]) == 0) {
            *value = i;
            return true;
        }
    return false;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* #rgb, #rrggbb or #rrggbbaa: `digits` hexadecimal digits per channel. */
static bool parse_hex_colour(const char *s, ibx_colour *value) {
    const size_t length = strlen(s);
    if (length != 3 && length != 6 && length != 8) return false;
    const int digits = length == 3 ? 1 : 2;
    float channel[4] = {0, 0, 0, 1};
    for (size_t i = 0; i < length; i += (size_t)digits) {
        const int high = hex_digit(s[i]), low = hex_digit(s[i + (size_t)digits - 1]);
        if (high < 0 || low < 0) return false;
        channel[i / (size_t)digits] = (float)(high * 16 + low) / 255.0f;
    }
    *value = (ibx_colour){channel[0], channel[1], channel[2], channel[3]};
    return true;
}

static bool parse_colour(const char *s, ibx_colour *value) {
    if (*s == '#') return parse_hex_colour(s + 1, value);
    if (strcmp(s, "white") == 0) return *value = (ibx_colour){1, 1, 1, 1}, true;
    if (strcmp(s, "black") == 0) return *value = (ibx_colour){0, 0, 0, 1}, true;
    if (strcmp(s, "transparent") == 0) return *value = (ibx_colour){0, 0, 0, 0}, true;
    return false;
}

/* "25%". */
static bool parse_percent(const char *s, float *value) {
    char number[64];
    const size_t length = strlen(s);
    if (length < 2 || length > sizeof number || s[length - 1] != '%') return false;
    memcpy(number, s, length - 1);
    number[length - 1] = 0;
    return ibx_float_parse(number, value) && fabsf(*value) <= IBX_MAX_PERCENT;
}

/* 800x600, 800x, x600, 800 (both sides) or 50%. A side that is left out becomes 0. */
static bool parse_extent(const ibx_param *row, const char *s, ibx_extent *value) {
    *value = (ibx_extent){0};
    if (strchr(s, '%')) return parse_percent(s, &value->percent) && value->percent > 0;
    const char *end = s + strlen(s), *x = strchr(s, 'x');
    if (!x) {
        if (!parse_int(s, end, &value->w)) return false;
        value->h = value->w;
        return in_range(row, value->w);
    }
    const bool has_w = x > s, has_h = x + 1 < end;
    if (has_w && !(parse_int(s, x, &value->w) && in_range(row, value->w))) return false;
    if (has_h && !(parse_int(x + 1, end, &value->h) && in_range(row, value->h))) return false;
    return has_w || has_h;
}

/* 120 or 25%. A percentage has the sign that the pixels may have. */
static bool parse_length(const ibx_param *row, const char *s, ibx_length *value) {
    value->percent = strchr(s, '%') != NULL;
    if (!value->percent)
        return ibx_float_parse(s, &value->value) && in_float_range(row, value->value);
    if (!parse_percent(s, &value->value)) return false;
    return row->min < 0 || (row->min > 0 ? value->value > 0 : value->value >= 0);
}

bool ibx_value_parse(const ibx_param *row, const char *spelling, ibx_value *value) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        return ibx_float_parse(spelling, &value->number) && in_float_range(row, value->number);
    case IBX_TYPE_INT:
        return parse_int(spelling, spelling + strlen(spelling), &value->integer) &&
               in_range(row, value->integer);
    case IBX_TYPE_BOOL:
        return parse_bool(spelling, &value->yes);
    case IBX_TYPE_CHOICE:
        return parse_choice(row, spelling, &value->integer);
    case IBX_TYPE_COLOUR:
        return parse_colour(spelling, &value->colour);
    case IBX_TYPE_EXTENT:
        return parse_extent(row, spelling, &value->extent);
    case IBX_TYPE_LENGTH:
        return parse_length(row, spelling, &value->length);
    case IBX_TYPE_TEXT:
    case IBX_TYPE_FILE:
        value->text = spelling;
        return true;
    }
    return false;
}

bool ibx_value_default(const ibx_param *row, ibx_value *value) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        value->number = (float)row->def;
        return true;
    case IBX_TYPE_INT:
    case IBX_TYPE_CHOICE:
        value->integer = (int)row->def;
        return true;
    case IBX_TYPE_BOOL:
        value->yes = row->def != 0;
        return true;
    default:
        return ibx_value_parse(row, row->text, value);
    }
}
