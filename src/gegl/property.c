/* property.c - rows of the filter table become property specifications, values become recipes. */
#include "gegl/property.h"
#include "core/label.h"
#include "core/param.h"
#include "core/text.h"
#include <gegl-plugin.h>
#include <math.h>
#include <stdlib.h>

/* GEGL asks operations to mark what belongs to pads; properties are all that is not "output". */
#define FLAGS ((GParamFlags)(G_PARAM_READWRITE | G_PARAM_CONSTRUCT | GEGL_PARAM_PAD_INPUT))

/* ---- numbers --------------------------------------------------------------------------------- */

/* How much finer a slider is at its beginning: a range that goes far beyond the usual values needs
 * it. */
static double ui_gamma(const ibx_param *row) {
    const double usual = row->def > 0 ? row->def : 1;
    if (row->min < 0) return 1;
    return row->max > 30 * usual ? 3 : row->max > 8 * usual ? 2 : 1;
}

static GParamSpec *new_float(const ibx_param *row, const char *name, const char *title) {
    const double range = row->max - row->min, step = range <= 2 ? 0.01 : range <= 50 ? 0.1 : 1;
    GParamSpec *spec = gegl_param_spec_double(name, title, row->doc, row->min, row->max, row->def,
                                              row->min, row->max, ui_gamma(row), FLAGS);
    gegl_param_spec_double_set_steps(GEGL_PARAM_SPEC_DOUBLE(spec), step, 10 * step);
    gegl_param_spec_double_set_digits(GEGL_PARAM_SPEC_DOUBLE(spec), range <= 2 ? 3 : 2);
    return spec;
}

static GParamSpec *new_int(const ibx_param *row, const char *name, const char *title) {
    GParamSpec *spec =
        gegl_param_spec_int(name, title, row->doc, (int)row->min, (int)row->max, (int)row->def,
                            (int)row->min, (int)row->max, ui_gamma(row), FLAGS);
    gegl_param_spec_int_set_steps(GEGL_PARAM_SPEC_INT(spec), 1, 10);
    return spec;
}

/* ---- words and colours ----------------------------------------------------------------------- */

/* The enumeration of a row's words. Types stay for as long as the process, and so do their values.
 */
static GType new_enum(const ibx_filter *filter, const ibx_param *row) {
    guint n = 0;
    while (row->choices[n]) n++;
    char *type = g_strdup_printf("imbrex-%s-%s", filter->name, row->name);
    GEnumValue *values = g_new0(GEnumValue, n + 1);
    for (guint i = 0; i < n; i++)
        values[i] =
            (GEnumValue){(int)i, g_strdup(ibx_label_of_choice(row, (int)i).text), row->choices[i]};
    const GType result = g_enum_register_static(type, values);
    g_type_set_qdata(result, g_quark_from_static_string("imbrex-values"), values);
    g_free(type);
    return result;
}

static GParamSpec *new_colour(const ibx_param *row, const char *name, const char *title,
                              const void *defaults) {
    ibx_colour c;
    memcpy(&c, (const char *)defaults + row->offset, sizeof c);
    const float rgba[] = {c.r, c.g, c.b, c.a};
    GeglColor *colour = gegl_color_new("black");
    gegl_color_set_pixel(colour, babl_format("R'G'B'A float"), rgba);
    GParamSpec *spec = gegl_param_spec_color(name, title, row->doc, colour, FLAGS);
    g_object_unref(colour);
    return spec;
}

static GParamSpec *new_spec(const ibx_filter *filter, const ibx_param *row, const char *name,
                            const char *title, const void *defaults) {
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        return new_float(row, name, title);
    case IBX_TYPE_INT:
        return new_int(row, name, title);
    case IBX_TYPE_BOOL:
        return g_param_spec_boolean(name, title, row->doc, row->def != 0, FLAGS);
    case IBX_TYPE_CHOICE:
        return gegl_param_spec_enum(name, title, row->doc, new_enum(filter, row), (int)row->def,
                                    FLAGS);
    case IBX_TYPE_COLOUR:
        return new_colour(row, name, title, defaults);
    case IBX_TYPE_FILE:
        return gegl_param_spec_file_path(name, title, row->doc, FALSE, FALSE, row->text, FLAGS);
    case IBX_TYPE_TEXT:
    case IBX_TYPE_EXTENT:
    case IBX_TYPE_LENGTH:
        break;
    }
    return gegl_param_spec_string(name, title, row->doc, FALSE, FALSE, row->text, FLAGS);
}

/* GEGL's words for units, which user interfaces know. */
static const char *unit_of(const ibx_param *row) {
    static const char *const UNITS[][2] = {
        {"px", "pixel-distance"}, {"deg", "degree"}, {"K", "kelvin"}};
    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++)
        if (!strcmp(row->unit, UNITS[i][0])) return UNITS[i][1];
    return row->unit;
}

GParamSpec *ibx_gegl_property_new(const ibx_filter *filter, const ibx_param *row,
                                  const void *defaults) {
    char *name = g_strdup(row->name);
    GParamSpec *spec =
        new_spec(filter, row, g_strdelimit(name, "_", '-'), ibx_label_of_row(row).text, defaults);
    if (*row->unit) gegl_param_spec_set_property_key(spec, "unit", unit_of(row));
    g_free(name);
    return spec;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void print_quoted(const char *text, GString *to) {
    char *quoted = ibx_quoted(text ? text : "");
    g_string_append(to, quoted ? quoted : "\"\"");
    free(quoted);
}

/* With the 8 bits of a recipe. */
static void print_colour(GeglColor *colour, GString *to) {
    uint8_t rgba[4];
    gegl_color_get_pixel(colour, babl_format("R'G'B'A u8"), rgba);
    g_string_append_printf(to, "#%02x%02x%02x%02x", rgba[0], rgba[1], rgba[2], rgba[3]);
}

static void print_value(const ibx_param *row, const GValue *value, GString *to) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    switch (row->type) {
    case IBX_TYPE_FLOAT:
        g_ascii_formatd(number, sizeof number, "%.9g", (float)g_value_get_double(value));
        g_string_append(to, number);
        break;
    case IBX_TYPE_INT:
        g_string_append_printf(to, "%d", g_value_get_int(value));
        break;
    case IBX_TYPE_BOOL:
        g_string_append(to, g_value_get_boolean(value) ? "yes" : "no");
        break;
    case IBX_TYPE_CHOICE:
        g_string_append(to, row->choices[g_value_get_enum(value)]);
        break;
    case IBX_TYPE_COLOUR:
        print_colour(g_value_get_object(value), to);
        break;
    case IBX_TYPE_FILE:
    case IBX_TYPE_TEXT:
    case IBX_TYPE_EXTENT:
    case IBX_TYPE_LENGTH:
        print_quoted(g_value_get_string(value), to);
        break;
    }
}

void ibx_gegl_property_print(const ibx_param *row, GParamSpec *property, const GValue *value,
                             GString *recipe) {
    if (G_VALUE_HOLDS_STRING(value) && g_param_value_defaults(property, value)) return;
    if (G_VALUE_HOLDS_OBJECT(value) && !g_value_get_object(value)) return;
    g_string_append_printf(recipe, "%c%s=", strchr(recipe->str, ':') ? ',' : ':', row->name);
    print_value(row, value, recipe);
}
