/* value_print.c - prints, compares and moves the value of a parameter. */
#include "core/value.h"
#include <stdio.h>

/* Size of the field of a row. */
static size_t field_size(ibx_type type) {
    switch (type) {
    case IBX_TYPE_FLOAT:
        return sizeof(float);
    case IBX_TYPE_INT:
    case IBX_TYPE_CHOICE:
        return sizeof(int);
    case IBX_TYPE_BOOL:
        return sizeof(bool);
    case IBX_TYPE_COLOUR:
        return sizeof(ibx_colour);
    case IBX_TYPE_EXTENT:
        return sizeof(ibx_extent);
    case IBX_TYPE_LENGTH:
        return sizeof(ibx_length);
    case IBX_TYPE_TEXT:
    case IBX_TYPE_FILE:
        break;
    }
    return sizeof(const char *);
}

void ibx_value_load(const ibx_param *row, const void *params, ibx_value *value) {
    memcpy(value, (const char *)params + row->offset, field_size(row->type));
}

void ibx_value_store(const ibx_param *row, void *params, const ibx_value *value) {
    memcpy((char *)params + row->offset, value, field_size(row->type));
}

static bool equal_colours(ibx_colour a, ibx_colour b) {
    return a.r == b.r && a.g == b.g && a.b == b.b && a.a == b.a;
}

bool ibx_value_equal(const ibx_param *row, const ibx_value *a, const ibx_value *b) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        return a->number == b->number;
    case IBX_TYPE_INT:
    case IBX_TYPE_CHOICE:
        return a->integer == b->integer;
    case IBX_TYPE_BOOL:
        return a->yes == b->yes;
    case IBX_TYPE_COLOUR:
        return equal_colours(a->colour, b->colour);
    case IBX_TYPE_EXTENT:
        return a->extent.w == b->extent.w && a->extent.h == b->extent.h &&
               a->extent.percent == b->extent.percent;
    case IBX_TYPE_LENGTH:
        return a->length.value == b->length.value && a->length.percent == b->length.percent;
    case IBX_TYPE_TEXT:
    case IBX_TYPE_FILE:
        break;
    }
    return strcmp(a->text, b->text) == 0;
}

static int to_byte(float v) {
    return (int)floorf(ibx_clamp(v, 0, 1) * 255 + 0.5f);
}

static void print_colour(ibx_colour c, ibx_text *t) {
    if (equal_colours(c, (ibx_colour){1, 1, 1, 1}))
        ibx_text_put(t, "white");
    else if (equal_colours(c, (ibx_colour){0, 0, 0, 1}))
        ibx_text_put(t, "black");
    else if (equal_colours(c, (ibx_colour){0, 0, 0, 0}))
        ibx_text_put(t, "transparent");
    else {
        ibx_text_add(t, "#%02x%02x%02x", to_byte(c.r), to_byte(c.g), to_byte(c.b));
        if (to_byte(c.a) != 255) ibx_text_add(t, "%02x", to_byte(c.a));
    }
}

static void print_extent(ibx_extent e, ibx_text *t) {
    if (e.percent > 0) {
        ibx_float_print(e.percent, t);
        ibx_text_char(t, '%');
        return;
    }
    if (e.w == e.h) {
        ibx_text_add(t, "%d", e.w);
        return;
    }
    if (e.w != 0) ibx_text_add(t, "%d", e.w);
    ibx_text_char(t, 'x');
    if (e.h != 0) ibx_text_add(t, "%d", e.h);
}

/* Would a recipe take this text for something else if it had no quotes? */
static bool needs_quotes(const char *s) {
    if (*s == 0) return true;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || strchr("\",/=\\", *s)) return true;
    return false;
}

static void print_text(const char *s, ibx_text *t) {
    if (needs_quotes(s))
        ibx_text_quote(t, s);
    else
        ibx_text_put(t, s);
}

void ibx_value_print(const ibx_param *row, const ibx_value *value, ibx_text *t) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        ibx_float_print(value->number, t);
        break;
    case IBX_TYPE_INT:
        ibx_text_add(t, "%d", value->integer);
        break;
    case IBX_TYPE_BOOL:
        ibx_text_put(t, value->yes ? "yes" : "no");
        break;
    case IBX_TYPE_CHOICE:
        ibx_text_put(t, row->choices[value->integer]);
        break;
    case IBX_TYPE_COLOUR:
        print_colour(value->colour, t);
        break;
    case IBX_TYPE_EXTENT:
        print_extent(value->extent, t);
        break;
    case IBX_TYPE_LENGTH:
        ibx_float_print(value->length.value, t);
        if (value->length.percent) ibx_text_char(t, '%');
        break;
    case IBX_TYPE_TEXT:
    case IBX_TYPE_FILE:
        print_text(value->text, t);
        break;
    }
}
