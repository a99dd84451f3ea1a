/* page.c - the files of the page at /ui/, put into the module by the assembler. CMakeLists.txt
 * defines IBX_PAGE_FOLDER and lets this file depend on what is there. */
#include "server/api/documents.h"

/* Bytes of a file between two labels of this object. */
#define EMBED(id, file)                                                                            \
    __asm__(".section .rodata\n"                                                                   \
            "ibx_page_" #id ":\n"                                                                  \
            ".incbin \"" IBX_PAGE_FOLDER "/" file "\"\n"                                           \
            "ibx_page_" #id "_end:\n"                                                              \
            ".previous\n");                                                                        \
    extern const char ibx_page_##id[], ibx_page_##id##_end[] __attribute__((visibility("hidden")))

EMBED(index, "index.html");
EMBED(style, "style.css");
EMBED(icon, "icon.svg");
EMBED(app, "app.js");
EMBED(compare, "compare.js");
EMBED(form, "form.js");
EMBED(recipe, "recipe.js");
EMBED(steps, "steps.js");

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SVG "image/svg+xml"
#define SCRIPT "text/javascript; charset=utf-8"

static const struct {
    const char *name, *mime, *begin, *end;
} FILES[] = {{"", HTML, ibx_page_index, ibx_page_index_end},
             {"index.html", HTML, ibx_page_index, ibx_page_index_end},
             {"style.css", CSS, ibx_page_style, ibx_page_style_end},
             {"icon.svg", SVG, ibx_page_icon, ibx_page_icon_end},
             {"app.js", SCRIPT, ibx_page_app, ibx_page_app_end},
             {"compare.js", SCRIPT, ibx_page_compare, ibx_page_compare_end},
             {"form.js", SCRIPT, ibx_page_form, ibx_page_form_end},
             {"recipe.js", SCRIPT, ibx_page_recipe, ibx_page_recipe_end},
             {"steps.js", SCRIPT, ibx_page_steps, ibx_page_steps_end}};

bool ibx_document_page(const char *name, ibx_bytes *bytes, const char **mime) {
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        if (strcmp(name, FILES[i].name) != 0) continue;
        *bytes = (ibx_bytes){FILES[i].begin, (size_t)(FILES[i].end - FILES[i].begin)};
        *mime = FILES[i].mime;
        return true;
    }
    return false;
}
