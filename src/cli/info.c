/* info.c - imbrex info: what the headers of files say. */
#include "cli/command.h"
#include "cli/say.h"
#include "describe/json.h"
#include "describe/run.h"
#include "engine/listing.h"

static const char *model_word(const ibx_head *head) {
    switch (head->model) {
    case IBX_GRAY:
        return head->alpha ? "gray with alpha" : "gray";
    case IBX_CMYK:
        return "CMYK";
    default:
        return head->alpha ? "RGB with alpha" : "RGB";
    }
}

static void print_block(const char *name, size_t size) {
    if (size) printf(", %s %s", name, ibx_bytes_in_words((int64_t)size).text);
}

/* "a.jpg: jpeg, 4000 x 3000 (12.0 MP), RGB, 8 bits, orientation 6, profile Display P3, EXIF 9 kB"
 */
static void print_line(const char *path, const ibx_about *a) {
    const ibx_head *h = &a->head;
    ibx_print_safe(stdout, path);
    printf(": %s, %d x %d (%.1f MP), %s, %d bits", a->format, h->w, h->h, (double)h->w * h->h / 1e6,
           model_word(h), h->depth);
    if (h->orientation != 1) printf(", orientation %d", h->orientation);
    if (a->progressive) fputs(", progressive", stdout);
    if (a->pages > 1) printf(", %d pages", a->pages);
    if (*a->profile) {
        fputs(", profile ", stdout);
        ibx_print_safe(stdout, a->profile);
    }
    print_block("EXIF", a->exif);
    print_block("XMP", a->xmp);
    print_block("IPTC", a->iptc);
    putchar('\n');
}

static void print_json(const char *path, const ibx_about *a) {
    ibx_json j = {.out = stdout};
    ibx_json_open(&j, NULL, '{');
    ibx_json_text(&j, "input", path);
    ibx_json_text(&j, "format", a->format);
    ibx_json_int(&j, "w", a->head.w);
    ibx_json_int(&j, "h", a->head.h);
    ibx_json_text(&j, "model",
                  a->head.model == IBX_GRAY   ? "gray"
                  : a->head.model == IBX_CMYK ? "cmyk"
                                              : "rgb");
    ibx_json_bool(&j, "alpha", a->head.alpha);
    ibx_json_int(&j, "bits", a->head.depth);
    ibx_json_int(&j, "orientation", a->head.orientation);
    ibx_json_bool(&j, "progressive", a->progressive);
    ibx_json_int(&j, "pages", a->pages);
    ibx_json_text(&j, "profile", *a->profile ? a->profile : NULL);
    ibx_json_int(&j, "exif", (int64_t)a->exif);
    ibx_json_int(&j, "xmp", (int64_t)a->xmp);
    ibx_json_int(&j, "iptc", (int64_t)a->iptc);
    ibx_json_close(&j, '}');
}

/* All files of the listing; true if every one could be read. */
static bool print_all(const ibx_listing *listing, const ibx_options *o) {
    const ibx_limits limits = {.max_pixels = o->max_pixels};
    bool good = true;
    for (size_t i = 0; i < listing->count; i++) {
        const ibx_entry *e = &listing->entries[i];
        ibx_error err = {0};
        ibx_about about;
        if (!ibx_about_file(e->path, o->allow_loaders.word, &limits, &about, &err)) {
            ibx_say("%s: %s", e->path, ibx_without_name(err.text, e->path));
            good = false;
        } else if (o->json) {
            print_json(e->path, &about);
        } else {
            print_line(e->path, &about);
        }
    }
    return good;
}

int ibx_do_info(const ibx_options *o, const ibx_program *program) {
    const ibx_command *command = ibx_command_of(program, IBX_INFO);
    const ibx_batch batch = {.inputs = o->arguments.word, .input_count = o->arguments.count};
    ibx_error err = {0};
    ibx_listing listing = {0};
    if (!o->arguments.count) {
        ibx_fail(&err, IBX_USAGE, "a file is needed: imbrex %s %s", command->name,
                 command->arguments);
        return ibx_complain(command, &err);
    }
    bool good = false;
    int status = IBX_EXIT_DONE;
    if (ibx_loaders_check(o->allow_loaders.word, &err) && ibx_listing_make(&batch, &listing, &err))
        good = print_all(&listing, o);
    else
        status = ibx_complain(command, &err);
    ibx_listing_free(&listing);
    if (!good && status == IBX_EXIT_DONE) status = IBX_EXIT_FAILED;
    const int ended = ibx_end_output();
    return ended ? ended : status;
}
