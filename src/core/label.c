/* label.c - names of the table as labels. */
#include "core/label.h"
#include <stdio.h>

ibx_label ibx_label_of_name(const char *name) {
    ibx_label label;
    snprintf(label.text, sizeof label.text, "%s", name);
    for (char *c = label.text; *c; c++)
        if (*c == '_') *c = ' ';
    if (*label.text >= 'a' && *label.text <= 'z') *label.text = (char)(*label.text - 'a' + 'A');
    return label;
}

/* What the table says is not changed, as in "sRGB". */
static ibx_label said_or(const char *said, const char *name) {
    ibx_label label;
    if (!said) return ibx_label_of_name(name);
    snprintf(label.text, sizeof label.text, "%s", said);
    return label;
}

ibx_label ibx_label_of_filter(const ibx_filter *filter) {
    return said_or(filter->label, filter->name);
}

ibx_label ibx_label_of_row(const ibx_param *row) {
    return said_or(row->label, row->name);
}

ibx_label ibx_label_of_choice(const ibx_param *row, int i) {
    return said_or(row->labels ? row->labels[i] : NULL, row->choices[i]);
}
