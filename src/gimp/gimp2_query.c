/* gimp2_query.c - the filter table, told to GIMP. */
#include "core/param.h"
#include "describe/parts.h"
#include "gimp/arguments.h"
#include "gimp/gimp2.h"
#include "gimp/words.h"
#include <stdlib.h>

#define AUTHOR "The imbrex project"
#define RIGHTS "The imbrex project, licence in the file LICENSE"
#define IMAGES "RGB*, GRAY*"

static const GimpParamDef ON_DRAWABLE[IBX_GIMP2_FIRST] = {
    {GIMP_PDB_INT32, "run-mode",
     "RUN-INTERACTIVE (0) asks, RUN-NONINTERACTIVE (1) takes what is given here, "
     "RUN-WITH-LAST-VALS (2) what was asked last"},
    {GIMP_PDB_IMAGE, "image", "The image"},
    {GIMP_PDB_DRAWABLE, "drawable", "The layer, mask or channel"}};

static GimpPDBArgType argument_type(const ibx_param *row) {
    switch (ibx_gimp_argument_kind(row)) {
    case IBX_GIMP_NUMBER:
        return GIMP_PDB_FLOAT;
    case IBX_GIMP_WHOLE:
        return GIMP_PDB_INT32;
    default:
        return GIMP_PDB_STRING;
    }
}

static void install_filter(const ibx_filter *filter) {
    const int count = ibx_param_count(filter->params);
    ibx_gimp_word *names = calloc((size_t)count + 1, sizeof *names);
    GimpParamDef *arguments = calloc(IBX_GIMP2_FIRST + (size_t)count, sizeof *arguments);
    char *details = ibx_gimp_details(filter);
    if (names && arguments) {
        memcpy(arguments, ON_DRAWABLE, sizeof ON_DRAWABLE);
        for (int i = 0; i < count; i++) {
            const ibx_param *row = &filter->params[i];
            names[i] = ibx_gimp_argument_name(row);
            arguments[IBX_GIMP2_FIRST + i] = (GimpParamDef){argument_type(row), names[i].text,
                                                            ibx_gimp_argument_words(filter, row)};
        }
        const ibx_gimp_word procedure = ibx_gimp_procedure(filter);
        gimp_install_procedure(procedure.text, filter->summary, details, AUTHOR, RIGHTS,
                               ibx_version(), ibx_gimp_label(filter).text, IMAGES, GIMP_PLUGIN,
                               IBX_GIMP2_FIRST + count, 0, arguments, NULL);
        gimp_plugin_menu_register(procedure.text, ibx_gimp_menu(filter).text);
        for (int i = 0; i < count; i++) free(arguments[IBX_GIMP2_FIRST + i].description);
    }
    free(names);
    free(arguments);
    free(details);
}

static void install_recipe(void) {
    GimpParamDef arguments[IBX_GIMP2_FIRST + 1];
    memcpy(arguments, ON_DRAWABLE, sizeof ON_DRAWABLE);
    arguments[IBX_GIMP2_FIRST] =
        (GimpParamDef){GIMP_PDB_STRING, "recipe",
                       "The recipe; or @ and the name of a file that it is in; or the name of such "
                       "a file that ends in .ibx or .recipe"};
    gimp_install_procedure(IBX_GIMP_RECIPE, "Apply a recipe of filters.",
                           "A recipe is a text of steps, such as those that the procedures of "
                           "single filters show, with "
                           "\"/\" between them. Nothing is changed unless all steps succeed, and "
                           "all is one undo step. "
                           "Steps that save are refused: the image is exported by GIMP.",
                           AUTHOR, RIGHTS, ibx_version(), "_Recipe...", IMAGES, GIMP_PLUGIN,
                           IBX_GIMP2_FIRST + 1, 0, arguments, NULL);
    gimp_plugin_menu_register(IBX_GIMP_RECIPE, IBX_GIMP_MENU);
}

static void install_batch(void) {
    static const GimpParamDef ARGUMENTS[] = {
        {GIMP_PDB_INT32, "run-mode",
         "RUN-INTERACTIVE (0) opens the window, with what is given here in it; "
         "RUN-NONINTERACTIVE (1) runs it"},
        {GIMP_PDB_STRING, "recipe", "As for " IBX_GIMP_RECIPE "; steps that save are allowed"},
        {GIMP_PDB_STRING, "input",
         "A folder of images, searched with its sub-folders, or a file; or several, one a line"},
        {GIMP_PDB_STRING, "output",
         "A folder for the results, made if it is missing; as for the input, ~/ is the home "
         "folder"}};
    gimp_install_procedure(
        IBX_GIMP_BATCH, "Apply a recipe to folders of image files.",
        "Reads and writes files itself, many at once, without opening them as images of GIMP. "
        "Files "
        "keep their format unless the recipe saves in another one; nothing that exists is "
        "overwritten, and every file is complete before it gets its name. Fails if a file fails, "
        "after doing the others.",
        AUTHOR, RIGHTS, ibx_version(), "_Batch...", NULL, GIMP_PLUGIN, G_N_ELEMENTS(ARGUMENTS), 0,
        ARGUMENTS, NULL);
    gimp_plugin_menu_register(IBX_GIMP_BATCH, IBX_GIMP_MENU);
}

/* The pages are in the folder "help" beside the program. */
static void register_help(void) {
    char *program = g_file_read_link("/proc/self/exe", NULL);
    if (!program) return;
    char *folder = g_path_get_dirname(program), *help = g_build_filename(folder, "help", NULL);
    char *address = g_filename_to_uri(help, NULL, NULL);
    if (address && g_file_test(help, G_FILE_TEST_IS_DIR))
        gimp_plugin_help_register(IBX_GIMP_HELP, address);
    g_free(address);
    g_free(help);
    g_free(folder);
    g_free(program);
}

void ibx_gimp2_query(void) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) install_filter(filters[i]);
    install_recipe();
    install_batch();
    register_help();
}
