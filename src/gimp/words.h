/* words.h - what GIMP calls the filters of the table, and says about their parameters. */
#ifndef IBX_GIMP_WORDS_H
#define IBX_GIMP_WORDS_H

#include "imbrex.h"

/* What the names of all procedures begin with. */
#define IBX_GIMP_PREFIX "plug-in-imbrex-"

/* The two procedures that are not of one filter. No filter may have these names. */
#define IBX_GIMP_RECIPE IBX_GIMP_PREFIX "recipe"
#define IBX_GIMP_BATCH IBX_GIMP_PREFIX "batch"

#define IBX_GIMP_MENU "<Image>/Filters/imbrex"

/* The domain that GIMP knows our pages of help by; the name of a page is that of its procedure. */
#define IBX_GIMP_HELP "imbrex-help"

typedef struct {
    char text[128];
} ibx_gimp_word;

/* The procedure of a filter: its name with hyphens, behind the prefix. */
ibx_gimp_word ibx_gimp_procedure(const ibx_filter *filter);

/* The filter of a procedure, or NULL. */
const ibx_filter *ibx_gimp_filter(const char *procedure);

/* The name of an argument: that of its row, with hyphens. */
ibx_gimp_word ibx_gimp_argument_name(const ibx_param *row);

/* The label of a filter's entry, "Box blur...", and the menu that it is in, by its category. */
ibx_gimp_word ibx_gimp_label(const ibx_filter *filter);
ibx_gimp_word ibx_gimp_menu(const ibx_filter *filter);

/* What the procedure browser says about an argument: its sentence, range, unit and default.
 * malloc'd; NULL without memory. */
char *ibx_gimp_argument_words(const ibx_filter *filter, const ibx_param *row);

/* What it says about the procedure: details, examples, and how it works on layers. malloc'd. */
char *ibx_gimp_details(const ibx_filter *filter);

#endif
