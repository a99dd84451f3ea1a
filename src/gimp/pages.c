/* pages.c - pages of help for all procedures, from the filter table. */
#include "gimp/pages.h"
#include "describe/describe.h"
#include "gimp/words.h"
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

static FILE *create(const char *folder, const char *name, const char *suffix, ibx_error *err) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/en/%s%s", folder, name, suffix);
    FILE *out = fopen(path, "we");
    if (!out) ibx_fail(err, IBX_IO, "%s: %s", path, strerror(errno));
    return out;
}

static bool finish(FILE *out, const char *folder, ibx_error *err) {
    const bool written = !ferror(out);
    return (fclose(out) == 0 && written) ||
           ibx_fail(err, IBX_FULL, "%s: a page could not be written", folder);
}

static const char ON_LAYERS[] =
    "<h2>In GIMP</h2>\n"
    "<p>Pixels stay in the image's own colour space and precision. The selection with its soft "
    "edges, locks, and the layer's mask are respected. Where the size changes, the whole image "
    "gets it if the layer is all of it, else the layer alone; the selection does not matter then. "
    "One step of undo brings back what was.</p>\n"
    "<p><a href=\"" IBX_GIMP_RECIPE ".html\">Recipes</a> put filters one behind the other.</p>\n";

static bool write_filter(const char *folder, const ibx_filter *filter, ibx_error *err) {
    FILE *out = create(folder, ibx_gimp_procedure(filter).text, ".html", err);
    if (!out) return false;
    ibx_describe_html_head(out, filter->name);
    ibx_describe_html_filter(out, filter);
    fputs(ON_LAYERS, out);
    ibx_describe_html_foot(out);
    return finish(out, folder, err);
}

/* The pages of what is not one filter. */
typedef struct {
    const char *procedure, *title, *text;
} chapter;

static const chapter CHAPTERS[] = {
    {IBX_GIMP_RECIPE, "Recipes",
     "<p>A recipe is a text: steps with \"/\" between them, each the name of a filter, then \":\" "
     "and its values, by position or by name. The same recipe gives the same pixels on the command "
     "line and over the network, where the image is sRGB; others are converted first there, and "
     "stay in their own colour space here.</p>\n"
     "<p>Scripts may also give \"@\" and the name of a file with a recipe. A step that saves is "
     "refused here, as GIMP exports the image.</p>\n"},
    {IBX_GIMP_BATCH, "Batches",
     "<p>A recipe is applied to all images of a folder and of the folders below it. Files are read "
     "and written by imbrex itself, many at once; none becomes an image of GIMP. A file gets its "
     "name when it is complete, and none that exists is overwritten unless you say so.</p>\n"}};

enum { COUNT = sizeof CHAPTERS / sizeof *CHAPTERS };

static void put_page(FILE *out, const ibx_filter *filter) {
    fprintf(out, "%s.html", ibx_gimp_procedure(filter).text);
}

static bool write_chapter(const char *folder, const chapter *c, ibx_error *err) {
    FILE *out = create(folder, c->procedure, ".html", err);
    if (!out) return false;
    ibx_describe_html_head(out, c->title);
    fprintf(out, "%s<p>An example: <code>%s</code></p>\n", c->text, ibx_describe_example().text);
    ibx_describe_html_filters(out, put_page);
    ibx_describe_html_foot(out);
    return finish(out, folder, err);
}

static void put_item(FILE *out, const char *procedure) {
    fprintf(out, "  <help-item id=\"%s\" ref=\"%s.html\" />\n", procedure, procedure);
}

static bool write_index(const char *folder, ibx_error *err) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    FILE *out = create(folder, "gimp-help", ".xml", err);
    if (!out) return false;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gimp-help>\n", out);
    for (int i = 0; i < COUNT; i++) put_item(out, CHAPTERS[i].procedure);
    for (size_t i = 0; i < count; i++) put_item(out, ibx_gimp_procedure(filters[i]).text);
    fputs("</gimp-help>\n", out);
    return finish(out, folder, err);
}

static bool make_folder(const char *path, ibx_error *err) {
    return mkdir(path, 0777) == 0 || errno == EEXIST ||
           ibx_fail(err, IBX_IO, "%s: %s", path, strerror(errno));
}

bool ibx_gimp_pages(const char *folder, ibx_error *err) {
    char language[PATH_MAX];
    snprintf(language, sizeof language, "%s/en", folder);
    if (!make_folder(folder, err) || !make_folder(language, err)) return false;
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    bool ok = write_index(folder, err);
    for (int i = 0; i < COUNT && ok; i++) ok = write_chapter(folder, &CHAPTERS[i], err);
    for (size_t i = 0; i < count && ok; i++) ok = write_filter(folder, filters[i], err);
    return ok;
}
