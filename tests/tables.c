/* tables - every row of every filter and format holds what src/filter.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "core/format.h"
#include "core/label.h"
#include "core/param.h"
#include "core/recipe.h"
#include <strings.h>
#include <unistd.h>

/* lowercase_with_underscores; digits not in front */
static void check_name(const char *name) {
    assert_non_null(name);
    assert_in_range(strlen(name), 1, 30);
    assert_in_range(name[0], 'a', 'z');
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        fail_msg("\"%s\" is no lowercase_name", name);
}

/* One line that ends with a period. */
static void check_sentence(const char *owner, const char *text) {
    if (!text) {
        fail_msg("%s: a sentence is missing", owner);
        return;
    }
    if (strlen(text) < 8 || text[strlen(text) - 1] != '.' || strpbrk(text, "\n\t"))
        fail_msg("%s: \"%s\" is not one sentence", owner, text);
    if (strlen(text) > 120) fail_msg("%s: \"%s\" is too long for a line", owner, text);
    assert_false(text[0] >= 'a' && text[0] <= 'z');
}

static void check_choices(const char *owner, const ibx_param *row) {
    int count = 0;
    assert_non_null(row->choices);
    for (; row->choices[count]; count++) {
        const char *word = row->choices[count];
        if (!*word || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(word))
            fail_msg("%s: %s: \"%s\" is no choice", owner, row->name, word);
        for (int k = 0; k < count; k++) assert_string_not_equal(row->choices[k], word);
    }
    assert_in_range(count, 2, 30);
    if (row->def < 0 || row->def >= count) fail_msg("%s: %s: no such default", owner, row->name);
}

/* Words, and not what a name is shortened to: each has a vowel, and abbreviations that people do
 * say are spelled as they are said. Axes are single letters. */
static void check_word(const char *label, const char *word, int length) {
    static const char *const SAID[] = {"AVIF", "BT",  "CLAHE", "CMYK", "GIF",  "ICC", "JPEG",
                                       "LUT",  "PNG", "RGB",   "TIFF", "WebP", "LZW", "sRGB"};
    static const char *const SHORTENED[] = {"bpc", "catrom", "ev", "interp", "thumb"};
    for (size_t i = 0; i < sizeof SHORTENED / sizeof *SHORTENED; i++)
        if ((int)strlen(SHORTENED[i]) == length && !strncasecmp(word, SHORTENED[i], (size_t)length))
            fail_msg("\"%s\": %.*s is no word", label, length, word);
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
        if ((int)strlen(SAID[i]) != length || strncasecmp(word, SAID[i], (size_t)length)) continue;
        if (strncmp(word, SAID[i], (size_t)length)) fail_msg("\"%s\": %s", label, SAID[i]);
        return;
    }
    if (length == 1 && strchr("DPXY", *word)) return; /* 3D, P3 */
    if ((int)strcspn(word, "aeiouyAEIOUY") >= length)
        fail_msg("\"%s\": %.*s is no word", label, length, word);
}

static void check_label(const char *label) {
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    assert_in_range(strlen(label), 1, 40);
    assert_null(strpbrk(label, "_:\n\t"));
    for (const char *word = label + strcspn(label, LETTERS); *word;
         word += strcspn(word, LETTERS)) {
        const int length = (int)strspn(word, LETTERS);
        check_word(label, word, length);
        word += length;
    }
}

/* Those of a row and of its choices, which differ. */
static void check_labels(const ibx_param *row) {
    int choices = 0, labels = 0;
    check_label(ibx_label_of_row(row).text);
    if (row->labels) assert_int_equal(row->type, IBX_TYPE_CHOICE);
    while (row->choices && row->choices[choices]) choices++;
    while (row->labels && row->labels[labels]) labels++;
    if (row->labels) assert_int_equal(labels, choices);
    for (int i = 0; i < choices; i++) {
        check_label(ibx_label_of_choice(row, i).text);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ibx_label_of_choice(row, k).text,
                                    ibx_label_of_choice(row, i).text);
    }
}

static void check_numbers(const char *owner, const ibx_param *row) {
    const bool fits = isfinite(row->min) && isfinite(row->max) && row->min < row->max;
    if (!fits) fail_msg("%s: %s: min %g max %g", owner, row->name, row->min, row->max);
    const bool scalar = row->type == IBX_TYPE_FLOAT || row->type == IBX_TYPE_INT;
    if (scalar && !(row->min <= row->def && row->def <= row->max))
        fail_msg("%s: %s: default %g outside", owner, row->name, row->def);
    if (row->type == IBX_TYPE_INT || row->type == IBX_TYPE_EXTENT)
        assert_true(floor(row->min) == row->min && floor(row->max) == row->max);
    if (row->type == IBX_TYPE_EXTENT) assert_true(row->min >= 0);
}

/* The printed default must set the same value in a fresh block. */
static void check_default(const char *owner, const ibx_param *rows, const ibx_param *row,
                          size_t size) {
    void *params = ibx_params_new(rows, size);
    if (!params) fail_msg("%s: a default of %s cannot be read", owner, row->name);
    char text[200], range[200];
    ibx_error err;
    assert_true(ibx_param_is_default(row, params));
    assert_in_range(ibx_param_print(row, params, text, sizeof text), 1, sizeof text - 1);
    if (!ibx_param_set(row, params, text, owner, &err)) fail_msg("%s", err.text);
    assert_true(ibx_param_is_default(row, params));
    assert_in_range(ibx_param_range(row, range, sizeof range), 3, sizeof range - 1);
    ibx_params_free(rows, params);
}

static void check_row(const char *owner, const ibx_param *rows, const ibx_param *row, size_t size) {
    static const char *const units[] = {"px", "stop", "%", "K", "deg", ""};
    check_name(row->name);
    check_labels(row);
    check_sentence(owner, row->doc);
    assert_true(row->offset < size);
    assert_ptr_equal(ibx_param_find(rows, row->name), row); /* the name is given once */
    size_t unit = 0;
    while (unit < 6 && strcmp(row->unit, units[unit]) != 0) unit++;
    if (unit == 6) fail_msg("%s: %s: unknown unit \"%s\"", owner, row->name, row->unit);
    if (row->type == IBX_TYPE_CHOICE)
        check_choices(owner, row);
    else if (!row->text && row->type != IBX_TYPE_BOOL)
        check_numbers(owner, row);
    if (row->type == IBX_TYPE_EXTENT || row->type == IBX_TYPE_LENGTH) check_numbers(owner, row);
    check_default(owner, rows, row, size);
}

static void check_rows(const char *owner, const ibx_param *rows, size_t size) {
    for (const ibx_param *row = rows; row && row->name; row++) check_row(owner, rows, row, size);
    assert_in_range(ibx_param_count(rows), 0, 60);
}

static void filters_are_sorted_and_found(void **state) {
    (void)state;
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    assert_in_range(count, 1, 10000);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(ibx_filter_find(all[i]->name), all[i]);
        if (i > 0) assert_true(strcmp(all[i - 1]->name, all[i]->name) < 0);
    }
    assert_null(ibx_filter_find("save")); /* the recipe's own word */
    assert_null(ibx_filter_find(""));
    assert_null(ibx_filter_find("no_such_filter"));
}

static void filters_say_what_they_must(void **state) {
    (void)state;
    static const char *const categories[] = {"geometry", "colour", "tone", "blur", "detail"};
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) {
        const ibx_filter *f = all[i];
        check_name(f->name);
        check_label(ibx_label_of_filter(f).text);
        check_label(ibx_label_of_name(f->category).text);
        check_sentence(f->name, f->summary);
        size_t c = 0;
        while (c < 5 && strcmp(f->category, categories[c]) != 0) c++;
        if (c == 5) fail_msg("%s: unknown category \"%s\"", f->name, f->category);
        check_rows(f->name, f->params, f->params_size);
        if (!f->kernel && !f->passes) fail_msg("%s computes nothing", f->name);
        assert_true(!f->scan == !f->acc_size && !f->scan == !f->merge && !f->scan == !f->finish);
    }
}

static void examples_are_recipes(void **state) {
    (void)state;
    assert_int_equal(chdir(SOURCE_DIR), 0); /* examples name files of samples/ */
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) {
        if (!all[i]->examples[0]) fail_msg("%s has no example", all[i]->name);
        for (int k = 0; k < 4 && all[i]->examples[k]; k++) {
            ibx_error err;
            ibx_recipe *recipe = ibx_recipe_parse(all[i]->examples[k], &err);
            if (!recipe) fail_msg("%s: %s: %s", all[i]->name, all[i]->examples[k], err.text);
            ibx_recipe_free(recipe);
        }
    }
}

static void formats_say_what_they_must(void **state) {
    (void)state;
    size_t count;
    const ibx_format *const *all = ibx_formats(&count);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        const ibx_format *f = all[i];
        check_name(f->name);
        check_sentence(f->name, f->summary);
        assert_memory_equal(f->mime, "image/", 6);
        check_rows(f->name, f->params, f->params_size);
        assert_null(ibx_param_find(f->params, "format")); /* the key that names the format */
        assert_non_null(f->suffixes[0]);
        for (const char *const *s = f->suffixes; *s; s++) {
            assert_int_equal((*s)[0], '.');
            assert_ptr_equal(ibx_format_find(*s), f);
            assert_ptr_equal(ibx_format_find(*s + 1), f);
        }
        const ibx_param *name = ibx_param_find(f->params, "name");
        assert_non_null(name);
        assert_int_equal(name->offset, offsetof(ibx_save_any, name));
        assert_int_equal(name->type, IBX_TYPE_TEXT);
    }
    check_rows("save", IBX_SAVE_ANY, sizeof(ibx_save_any));
}

static void formats_are_found_in_any_case(void **state) {
    (void)state;
    assert_string_equal(ibx_format_find("JPEG")->name, "jpeg");
    assert_string_equal(ibx_format_find("Jpg")->name, "jpeg");
    assert_string_equal(ibx_format_find(".TIF")->name, "tiff");
    assert_string_equal(ibx_format_find("tiff")->name, "tiff");
    assert_null(ibx_format_find(""));
    assert_null(ibx_format_find("."));
    assert_null(ibx_format_find("..jpg"));
    assert_null(ibx_format_find("jpegx"));
    assert_null(ibx_format_find("jp"));
}

/* The defaults that codecs rely on, as core/format.h documents them. */
static void defaults_are_those_of_the_header(void **state) {
    (void)state;
    ibx_recipe *r =
        ibx_recipe_parse("save:jpeg save:png save:webp save:avif save:tiff save:gif", NULL);
    assert_non_null(r);
    const ibx_save_jpeg *jpeg = r->steps[0].params;
    const ibx_save_png *png = r->steps[1].params;
    const ibx_save_webp *webp = r->steps[2].params;
    const ibx_save_avif *avif = r->steps[3].params;
    const ibx_save_tiff *tiff = r->steps[4].params;
    const ibx_save_gif *gif = r->steps[5].params;
    assert_true(jpeg->quality == 85 && jpeg->subsampling == IBX_SUBSAMPLING_AUTO);
    assert_true(!jpeg->progressive && !jpeg->optimize);
    assert_true(png->compression == IBX_PNG_DEFAULT && png->depth == IBX_DEPTH_AUTO);
    assert_false(png->interlace);
    assert_true(webp->quality == 80 && !webp->lossless && webp->effort == 4);
    assert_true(avif->quality == 50 && !avif->lossless && avif->effort == 4);
    assert_true(tiff->compression == IBX_TIFF_DEFLATE && tiff->quality == 85);
    assert_true(tiff->depth == IBX_DEPTH_AUTO && !tiff->tiled && !tiff->pyramid && !tiff->bigtiff);
    assert_true(gif->colours == 256 && gif->dither == 1 && gif->effort == 7);
    for (int i = 0; i < r->count; i++)
        assert_string_equal(((const ibx_save_any *)r->steps[i].params)->name, "");
    ibx_recipe_free(r);
}

/* The order of the words is that of the enums in core/format.h. */
static void choices_are_in_the_order_of_their_enums(void **state) {
    (void)state;
    ibx_recipe *r = ibx_recipe_parse("save:jpeg,subsampling=444 save:png,depth=16 "
                                     "save:tiff,none save:tiff,zstd,depth=8 save:tiff,jpeg",
                                     NULL);
    assert_non_null(r);
    assert_int_equal(((const ibx_save_jpeg *)r->steps[0].params)->subsampling, IBX_SUBSAMPLING_444);
    assert_int_equal(((const ibx_save_png *)r->steps[1].params)->depth, IBX_DEPTH_16);
    assert_int_equal(((const ibx_save_tiff *)r->steps[2].params)->compression, IBX_TIFF_NONE);
    assert_int_equal(((const ibx_save_tiff *)r->steps[3].params)->compression, IBX_TIFF_ZSTD);
    assert_int_equal(((const ibx_save_tiff *)r->steps[3].params)->depth, IBX_DEPTH_8);
    assert_int_equal(((const ibx_save_tiff *)r->steps[4].params)->compression, IBX_TIFF_JPEG);
    ibx_recipe_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_sorted_and_found),
        cmocka_unit_test(filters_say_what_they_must),
        cmocka_unit_test(examples_are_recipes),
        cmocka_unit_test(formats_say_what_they_must),
        cmocka_unit_test(formats_are_found_in_any_case),
        cmocka_unit_test(defaults_are_those_of_the_header),
        cmocka_unit_test(choices_are_in_the_order_of_their_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
