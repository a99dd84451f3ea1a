/* pages.h - the pages that GIMP's help button opens. */
#ifndef IBX_GIMP_PAGES_H
#define IBX_GIMP_PAGES_H

#include "imbrex.h"

/* Writes below `folder`, which is made if missing, what GIMP expects of a domain of help: en/ with
 * a page for every procedure, and en/gimp-help.xml, which says which page belongs to which. */
bool ibx_gimp_pages(const char *folder, ibx_error *err);

#endif
