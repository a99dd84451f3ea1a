/* param - values of parameters: spellings, ranges, printing, suggestions, in any locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "core/param.h"
#include <locale.h>
#include <stdlib.h>

typedef struct {
    float sigma;
    int count;
    bool grow;
    int fit;
    ibx_colour colour;
    const char *label;
    const char *file;
    ibx_extent size;
    ibx_length left;
} params;

static const char *const FITS[] = {"inside", "cover", "fill", NULL};

static const ibx_param ROWS[] = {IBX_FLOAT(params, sigma, 0.1, 250, 0.7, "px", "A float."),
                                 IBX_INT(params, count, -5, 9, 3, "", "An int."),
                                 IBX_BOOL(params, grow, true, "A bool."),
                                 IBX_CHOICE(params, fit, FITS, 1, "A choice."),
                                 IBX_COLOUR(params, colour, "#102030", "A colour."),
                                 IBX_TEXT(params, label, "some words", "A text."),
                                 IBX_FILE(params, file, "A file."),
                                 IBX_EXTENT(params, size, 1, 1000, "100%", "An extent."),
                                 IBX_LENGTH(params, left, -50, 50, "25%", "A length."),
                                 IBX_END};

static void *block;

static int make_block(void **state) {
    (void)state;
    return (block = ibx_params_new(ROWS, sizeof(params))) ? 0 : -1;
}

static int free_block(void **state) {
    (void)state;
    ibx_params_free(ROWS, block);
    return 0;
}

/* Sets a value and demands its canonical spelling back, which must read as the same value. */
static void check(const char *row_name, const char *value, const char *printed) {
    const ibx_param *row = ibx_param_find(ROWS, row_name);
    ibx_error err = {0};
    char text[600], again[600];
    if (!ibx_param_set(row, block, value, "step", &err)) fail_msg("%s", err.text);
    const int n = ibx_param_print(row, block, text, sizeof text);
    assert_string_equal(text, printed);
    assert_int_equal(n, strlen(printed));
    assert_true(ibx_param_set(row, block, text, "step", &err));
    ibx_param_print(row, block, again, sizeof again);
    assert_string_equal(again, printed);
}

/* Demands this sentence, and that the value stayed. */
static void refuse(const char *row_name, const char *value, const char *sentence) {
    const ibx_param *row = ibx_param_find(ROWS, row_name);
    char before[600], after[600];
    ibx_error err = {0};
    ibx_param_print(row, block, before, sizeof before);
    assert_false(ibx_param_set(row, block, value, "blur", &err));
    assert_int_equal(err.code, IBX_USAGE);
    if (sentence) assert_string_equal(err.text, sentence);
    ibx_param_print(row, block, after, sizeof after);
    assert_string_equal(before, after);
}

static void defaults_are_set(void **state) {
    (void)state;
    const params *p = block;
    assert_true(p->sigma == 0.7f && p->count == 3 && p->grow && p->fit == 1);
    assert_true(p->colour.g == 32 / 255.0f && p->colour.a == 1);
    assert_string_equal(p->label, "some words");
    assert_string_equal(p->file, "");
    assert_true(p->size.percent == 100 && p->size.w == 0 && p->left.percent);
    assert_int_equal(ibx_param_count(ROWS), 9);
    assert_int_equal(ibx_param_count(NULL), 0);
    assert_null(ibx_param_find(ROWS, "sigm"));
    assert_null(ibx_param_find(NULL, "sigma"));
    for (const ibx_param *row = ROWS; row->name; row++)
        assert_true(ibx_param_is_default(row, block));
    check("label", "other", "other");
    check("size", "100x", "100x");
    assert_false(ibx_param_is_default(ibx_param_find(ROWS, "label"), block));
    assert_false(ibx_param_is_default(ibx_param_find(ROWS, "size"), block));
}

static void a_block_without_rows(void **state) {
    (void)state;
    void *empty = ibx_params_new(NULL, 0);
    assert_non_null(empty);
    ibx_params_free(NULL, empty);
    ibx_params_free(ROWS, NULL);
}

static void floats(void **state) {
    (void)state;
    check("sigma", "1.5", "1.5");
    check("sigma", "0.1", "0.1"); /* the bound itself, though 0.1f is not 0.1 */
    check("sigma", "250.000", "250");
    check("sigma", "+2.5e1", "25");
    check("sigma", ".5", "0.5");
    check("sigma", "5.", "5");
    check("sigma", "0.333333333333333333333", "0.33333334");
    check("sigma", "\"7\"", "7");
    refuse("sigma", "900", "blur: sigma is 900, but must be 0.1 to 250 px");
    refuse("sigma", "abc", "blur: sigma is \"abc\", but must be 0.1 to 250 px");
    refuse("sigma", "", "blur: sigma has no value; it must be 0.1 to 250 px");
    static const char *const bad[] = {"nan",  "inf", "-inf",  "NaN",  "1x",     "1 ",    " 1",
                                      "0x10", "1e",  "1e+",   ".",    "-",      "+",     "1,5",
                                      "1e99", "--1", "1.2.3", "\"\"", "0.0999", "250.1", "1e-400"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) refuse("sigma", bad[i], NULL);
}

/* Every float must come back from its own print; a sample of bit patterns over all exponents. */
static void floats_read_back(void **state) {
    (void)state;
    static const ibx_param any[] = {
        IBX_FLOAT(params, sigma, -3.4e38, 3.4e38, 0, "", "Any."),
        IBX_END
    };
    params p = {0}, q = {0};
    uint32_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        bits = bits * 1664525u + 1013904223u;
        memcpy(&p.sigma, &bits, sizeof bits);
        if (!isfinite(p.sigma) || fabsf(p.sigma) > 3.3e38f) continue;
        char text[64];
        ibx_error err;
        assert_in_range(ibx_param_print(any, &p, text, sizeof text), 1, 20);
        if (!ibx_param_set(any, &q, text, "any", &err)) fail_msg("%s", err.text);
        assert_memory_equal(&p.sigma, &q.sigma, sizeof(float));
    }
    ibx_error err;
    assert_true(ibx_param_set(any, &q, "-0", "any", &err));
    assert_false(signbit(q.sigma));
}

/* A locale with a decimal comma: an installed one, or one made for this test; or NULL. */
static const char *set_comma_locale(void) {
    const char *found = setlocale(LC_ALL, "de_DE.UTF-8");
    char folder[] = "/tmp/imbrex-locale-XXXXXX", command[200];
    if (found || !mkdtemp(folder)) return found;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 2>&1 >%s/log",
             folder, folder);
    if (system(command) == 0 && setenv("LOCPATH", folder, 1) == 0)
        found = setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? found : NULL;
}

static void no_locale_changes_numbers(void **state) {
    (void)state;
    if (!set_comma_locale()) {
        print_message("no locale with a decimal comma is installed, nor could one be made\n");
        skip();
    }
    char text[20];
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5"); /* the locale is on */
    check("sigma", "1.5", "1.5");
    refuse("sigma", "1,5", "blur: sigma is \"1,5\", but must be 0.1 to 250 px");
    setlocale(LC_ALL, "C");
}

static void ints(void **state) {
    (void)state;
    check("count", "-5", "-5");
    check("count", "+9", "9");
    check("count", "007", "7");
    refuse("count", "10", "blur: count is 10, but must be a whole number, -5 to 9");
    refuse("count", "1.0", "blur: count is 1.0, but must be a whole number, -5 to 9");
    refuse("count", "99999999999999999999", NULL);
    refuse("count", "4294967296", NULL); /* 0 in 32 bits */
    refuse("count", "", NULL);
    refuse("count", "-", NULL);
}

static void bools_and_choices(void **state) {
    (void)state;
    check("grow", "no", "no");
    check("grow", "yes", "yes");
    refuse("grow", "true", "blur: grow is \"true\", but must be yes or no");
    check("fit", "fill", "fill");
    assert_int_equal(((params *)block)->fit, 2);
    refuse("fit", "insde",
           "blur: fit is \"insde\", but must be inside, cover or fill; did you mean inside?");
    refuse("fit", "COVER",
           "blur: fit is \"COVER\", but must be inside, cover or fill; did you mean cover?");
    refuse("fit", "zzz", "blur: fit is \"zzz\", but must be inside, cover or fill");
}

static void colours(void **state) {
    (void)state;
    check("colour", "#fff", "white");
    check("colour", "#000000", "black");
    check("colour", "#00000000", "transparent");
    check("colour", "#A1b2C3", "#a1b2c3");
    check("colour", "#12345678", "#12345678");
    check("colour", "#123", "#112233");
    check("colour", "transparent", "transparent");
    static const char *const bad[] = {"#12", "#1234", "#12345", "#1234567",  "#ggg",
                                      "red", "#",     "fff",    "#123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) refuse("colour", bad[i], NULL);
    refuse("colour", "red",
           "blur: colour is \"red\", but must be #rgb, #rrggbb, #rrggbbaa, white, black or "
           "transparent");
}

static void every_byte_of_a_colour(void **state) {
    (void)state;
    for (int v = 0; v < 256; v++) {
        char text[16];
        snprintf(text, sizeof text, "#%02x80%02x", v, 255 - v);
        check("colour", text, text);
    }
}

static void texts(void **state) {
    (void)state;
    check("label", "plain", "plain");
    check("label", "\"plain\"", "plain");
    check("label", "\"\"", "\"\"");
    check("label", "two words", "\"two words\"");
    check("label", "\"a \\\"b\\\" \\\\ c\"", "\"a \\\"b\\\" \\\\ c\"");
    assert_string_equal(((params *)block)->label, "a \"b\" \\ c");
    check("label", "a,b", "\"a,b\"");
    check("label", "a=b", "\"a=b\"");
    check("file", "/etc/x.cube", "\"/etc/x.cube\"");
    check("label", "gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F");
    check("label", "\xFF\x01", "\"\xFF\x01\"");
    check("label", "#1", "#1");
    refuse("label", "", "blur: label has no value; it must be a text, or \"\" for none");
    refuse("label", "\"open", "blur: the quotes of label do not match");
    refuse("label", "\"open\\\"", "blur: the quotes of label do not match");
    refuse("label", "\"a\"b", "blur: the quotes of label do not match");
    refuse("label", "\"", "blur: the quotes of label do not match");
}

static void extents(void **state) {
    (void)state;
    check("size", "800x600", "800x600");
    check("size", "800x", "800x");
    check("size", "x600", "x600");
    check("size", "800", "800");
    check("size", "800x800", "800");
    check("size", "50%", "50%");
    check("size", "12.5%", "12.5%");
    const params *p = block;
    assert_true(p->size.w == 0 && p->size.h == 0 && p->size.percent == 12.5f);
    static const char *const bad[] = {"x",   "0x5",    "5x0",   "0",     "1001", "1x1001",
                                      "5X5", "-5",     "5x5x5", "0%",    "-5%",  "%",
                                      "5%5", "10001%", "5x5%",  "1.5x3", "nan%"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) refuse("size", bad[i], NULL);
    refuse("size", "5x9999",
           "blur: size is 5x9999, but must be WxH, Wx, xH, N (=NxN) or N%, sides 1 to 1000 px, "
           "up to 10000%");
}

static void lengths(void **state) {
    (void)state;
    check("left", "12.5", "12.5");
    check("left", "-50", "-50");
    check("left", "-12%", "-12%");
    check("left", "0", "0");
    refuse("left", "51", "blur: left is 51, but must be -50 to 50 px, or up to 10000%");
    refuse("left", "1%%", NULL);
    refuse("left", "%", NULL);
    refuse("left", "10001%", NULL);
    refuse("left", "inf%", NULL);
    static const ibx_param positive[] = {
        IBX_LENGTH(params, left, 1, 9, "1", "Above 0."),
        IBX_END
    };
    static const ibx_param zero[] = {
        IBX_LENGTH(params, left, 0, 9, "1", "Not below 0."),
        IBX_END
    };
    params q = {0};
    assert_false(ibx_param_set(positive, &q, "0%", "a", NULL));
    assert_true(ibx_param_set(zero, &q, "0%", "a", NULL));
    assert_false(ibx_param_set(zero, &q, "-1%", "a", NULL));
}

static void hostile_values_make_clean_sentences(void **state) {
    (void)state;
    refuse("sigma", "a\nb\x1B[31m\xFF", "blur: sigma is \"a?b?[31m?\", but must be 0.1 to 250 px");
    refuse("sigma", "\xC0\xAF\xED\xA0\x80\xF4\x90\x80\x80",
           "blur: sigma is \"?????????\", but must be 0.1 to 250 px");
    char huge[5000];
    memset(huge, '9', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    for (const ibx_param *row = ROWS; row->name; row++)
        if (row->type != IBX_TYPE_TEXT && row->type != IBX_TYPE_FILE) {
            ibx_error err;
            assert_false(ibx_param_set(row, block, huge, "blur", &err));
            assert_in_range(strlen(err.text), 20, 250);
        }
}

static void printing_into_little_room(void **state) {
    (void)state;
    char text[4] = "zzz";
    check("label", "abcdef", "abcdef");
    const ibx_param *row = ibx_param_find(ROWS, "label");
    assert_int_equal(ibx_param_print(row, block, NULL, 0), 6);
    assert_int_equal(ibx_param_print(row, block, text, 1), 6);
    assert_string_equal(text, "");
    assert_int_equal(ibx_param_print(row, block, text, 4), 6);
    assert_string_equal(text, "abc");
    assert_int_equal(ibx_param_range(ROWS, text, 4), (int)strlen("0.1 to 250 px"));
    assert_string_equal(text, "0.1");
}

static const char *word(const void *list, int i) {
    return ((const char *const *)list)[i];
}

static void nearest_words(void **state) {
    (void)state;
    static const char *const words[] = {"blur", "box_blur", "brightness", "crop", "x", "grayscale"};
    static const struct {
        const char *typed, *near;
    } cases[] = {{"blurr", "blur"},
                 {"bulr", "blur"},
                 {"BLUR", "blur"},
                 {"box-blur", "box_blur"},
                 {"brigthness", "brightness"},
                 {"greyscale", "grayscale"},
                 {"corp", "crop"},
                 {"zzz", NULL},
                 {"y", NULL},
                 {"", NULL},
                 {"cropcropcrop", NULL},
                 {"blurr\xFF", "blur"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *near = ibx_nearest(cases[i].typed, word, words, 6);
        if (cases[i].near)
            assert_string_equal(near ? near : "(none)", cases[i].near);
        else
            assert_null(near);
    }
    char huge[1000];
    memset(huge, 'b', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    assert_null(ibx_nearest(huge, word, words, 6));
    assert_null(ibx_nearest("blur", word, words, 0));
}

static void errors_are_cut_between_characters(void **state) {
    (void)state;
    ibx_error err;
    char text[600];
    for (size_t i = 0; i + 1 < sizeof text; i += 2) memcpy(text + i, "\xC3\xBC", 2);
    text[sizeof text - 2] = 0;
    assert_false(ibx_fail(&err, IBX_IO, "%s", text));
    assert_int_equal(strlen(err.text) % 2, 0);
    assert_in_range(strlen(err.text), 396, 399);
    assert_false(ibx_fail(&err, IBX_BUG, "x%s", text));
    assert_int_equal(strlen(err.text) % 2, 1);
    assert_int_equal(err.code, IBX_BUG);
    assert_false(ibx_fail(NULL, IBX_IO, "nobody listens"));
    ibx_fail(&err, IBX_IO, "inner");
    ibx_fail(&err, IBX_IO, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: inner");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_block, free_block)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_set),
        TEST(a_block_without_rows),
        TEST(floats),
        TEST(floats_read_back),
        TEST(no_locale_changes_numbers),
        TEST(ints),
        TEST(bools_and_choices),
        TEST(colours),
        TEST(every_byte_of_a_colour),
        TEST(texts),
        TEST(extents),
        TEST(lengths),
        TEST(hostile_values_make_clean_sentences),
        TEST(printing_into_little_room),
        TEST(nearest_words),
        TEST(errors_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
