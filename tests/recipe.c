/* recipe - the grammar, the canonical print, and what is said about wrong recipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "core/param.h"
#include "core/recipe.h"
#include <stdlib.h>

/* Demands equal steps: filter, format, and the value of every row. */
static void check_equal(const ibx_recipe *a, const ibx_recipe *b) {
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        const ibx_step *s = &a->steps[i], *t = &b->steps[i];
        assert_ptr_equal(s->filter, t->filter);
        assert_ptr_equal(s->format, t->format);
        assert_int_equal(s->automatic, t->automatic);
        for (const ibx_param *row = ibx_step_rows(s); row && row->name; row++) {
            char left[500], right[500];
            ibx_param_print(row, s->params, left, sizeof left);
            ibx_param_print(row, t->params, right, sizeof right);
            assert_string_equal(left, right);
        }
    }
}

/* Demands the canonical spelling, which must read as the same recipe and print the same. */
static void check(const char *text, const char *canonical) {
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) {
        fail_msg("%s: %s", text, err.text);
        return;
    }
    char *printed = ibx_recipe_print(recipe);
    if (canonical) assert_string_equal(printed, canonical);
    ibx_recipe *again = ibx_recipe_parse(printed, &err);
    if (!again) {
        fail_msg("%s: %s", printed, err.text);
        return;
    }
    check_equal(recipe, again);
    char *twice = ibx_recipe_print(again);
    assert_string_equal(twice, printed);
    free(printed);
    free(twice);
    ibx_recipe_free(recipe);
    ibx_recipe_free(again);
}

/* Demands a refusal with this sentence. */
static void refuse(const char *text, const char *sentence) {
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (recipe) fail_msg("%s: was not refused", text);
    assert_int_equal(err.code, IBX_USAGE);
    if (sentence) assert_string_equal(err.text, sentence);
    assert_null(ibx_recipe_parse(text, NULL));
}

static void empty_recipes(void **state) {
    (void)state;
    check("", "");
    check(" \t\r\n/ //", "");
    check("# only a comment", "");
    check("# one\n# two\n", "");
    check("\xEF\xBB\xBF"
          "invert\r\n",
          "invert");
    ibx_recipe_free(NULL);
}

static void separators(void **state) {
    (void)state;
    check("invert/invert", "invert/invert");
    check("/invert / invert/\n", "invert/invert");
    check("invert invert\ninvert\tinvert\r\ninvert", "invert/invert/invert/invert/invert");
    refuse("invert#1", NULL); /* "#" opens a comment only where a step would begin */
}

static void comments(void **state) {
    (void)state;
    check("invert # the negative / invert\ninvert:0.5", "invert/invert:0.5");
    check("invert/#invert\n#invert\ninvert", "invert/invert");
    check("save:name=#1 # a number", "save:name=#1");
    check("save:name=\"# no comment\"", "save:name=\"# no comment\"");
}

static void positional_and_named_values(void **state) {
    (void)state;
    check("invert:0.5", "invert:0.5");
    check("invert:amount=0.50", "invert:0.5");
    check("invert:1", "invert"); /* the default */
    check("save:webp", "save:webp");
    check("save:webp,70,yes,2", "save:webp,70,yes,2");
    check("save:webp,effort=2,quality=70", "save:webp,70,effort=2");
    check("save:webp,lossless=yes", "save:webp,lossless=yes");
    check("save:webp,70,name=x", "save:webp,70,name=x");
    check("save:jpg", "save:jpeg");
    check("save:.TIFF,lzw", "save:tiff,lzw");
    check("save:format=png,compression=small", "save:png,small");
    check("save:compression=small,format=png", "save:png,small");
    check("save:\"png\"", "save:png");
    check("save", "save");
    check("save:name=\"{stem}-small\"", "save:name={stem}-small");
}

static void quotes(void **state) {
    (void)state;
    check("save:name=\"a b/c,d=e # f\"/invert", "save:name=\"a b/c,d=e # f\"/invert");
    check("save:name=\"\\\"\\\\\"", "save:name=\"\\\"\\\\\"");
    check("save:name=\"two\nlines\"", "save:name=\"two\nlines\"");
    check("save:name=\"\"", "save"); /* the default */
    check("save:webp,\"70\"", "save:webp,70");
    check("save:name=a:b", "save:name=a:b");
    check("save:name=\\n", "save:name=\"\\\\n\"");
}

static void saves_are_counted(void **state) {
    (void)state;
    ibx_recipe *recipe =
        ibx_recipe_parse("save/invert/save:png invert save:name=x,format=gif", NULL);
    assert_non_null(recipe);
    assert_int_equal(recipe->count, 5);
    assert_int_equal(ibx_recipe_saves(recipe), 3);
    assert_null(recipe->steps[0].format);
    assert_string_equal(recipe->steps[4].format->name, "gif");
    assert_string_equal(((const ibx_save_any *)recipe->steps[4].params)->name, "x");
    ibx_recipe_free(recipe);
}

static void unknown_words_are_refused(void **state) {
    (void)state;
    refuse("invert/invrt", "step 2: there is no filter \"invrt\"; did you mean invert? \"imbrex "
                           "filters\" lists them all");
    refuse("qqqqqqq", "step 1: there is no filter \"qqqqqqq\"; \"imbrex filters\" lists them all");
    refuse("sve", "step 1: there is no filter \"sve\"; did you mean save? \"imbrex filters\" lists "
                  "them all");
    refuse("invert:amout=1",
           "step 1, invert: there is no parameter \"amout\"; did you mean amount?");
    refuse("invert:q=1", "step 1, invert: there is no parameter \"q\"; it takes amount");
    refuse("save:pmg", "step 1, save: there is no format \"pmg\"; did you mean png?");
    refuse("save:xyz", "step 1, save: there is no format \"xyz\"; there are jpeg, png, webp, avif, "
                       "tiff and gif");
    refuse("save:", "step 1, save: there is no format \"\"; there are jpeg, png, webp, avif, tiff "
                    "and gif");
    refuse("save:quality=80", "step 1, save: quality belongs to a format, so name one first, as in "
                              "save:jpeg,quality=...");
    refuse("save:tiff,lzx", "step 1, save: compression is \"lzx\", but must be none, lzw, deflate, "
                            "jpeg or zstd; did you mean lzw?");
    refuse("save:tiff,zz=1", "step 1, save: there is no parameter \"zz\"; it takes compression, "
                             "quality, depth, tiled, pyramid, bigtiff and name");
}

static void wrong_values_are_refused(void **state) {
    (void)state;
    refuse("invert invert:2", "step 2, invert: amount is 2, but must be 0 to 1");
    refuse("invert:", "step 1, invert: amount has no value; it must be 0 to 1");
    refuse("invert: 1", "step 1, invert: amount has no value; it must be 0 to 1");
    refuse("invert:1,", "step 1, invert: too many values; it takes amount");
    refuse("invert:1,1", "step 1, invert: too many values; it takes amount");
    refuse("invert:1,amount=1", "step 1, invert: amount is given twice");
    refuse("invert:amount=1,amount=1", "step 1, invert: amount is given twice");
    refuse("invert:amount=", "step 1, invert: amount has no value; it must be 0 to 1");
    refuse("invert:amount=1,1",
           "step 1, invert: the value 1 follows a named one, so it needs a name "
           "too (NAME=VALUE)");
    refuse("save:format=webp,70", "step 1, save: the value 70 follows a named one, so it needs a "
                                  "name too (NAME=VALUE)");
    refuse("save:png,format=png", "step 1, save: format is given twice");
    refuse("save:format=png,format=png", "step 1, save: format is given twice");
    refuse("invert:=1", "step 1, invert: amount is \"=1\", but must be 0 to 1");
    refuse("invert:1:2", "step 1, invert: amount is \"1:2\", but must be 0 to 1");
    refuse(":2", "step 1: the name of a filter is missing in front of \":2\"");
    refuse("save:png,10", "step 1, save: compression is 10, but must be fast, default or small");
}

static void unbalanced_quotes_are_refused(void **state) {
    (void)state;
    refuse("save:name=\"", "step 1, save: a quote (\") is opened but never closed");
    refuse("save:name=\"abc\\\"", "step 1, save: a quote (\") is opened but never closed");
    refuse("save:name=\"abc\\", "step 1, save: a quote (\") is opened but never closed");
    refuse("save:name=\"a\"b", "step 1, save: \"b\" follows a closing quote without a comma or "
                               "\"/\"");
    refuse("save:name=a\"b\"", NULL);
    refuse("\"invert\"", NULL);
}

static void hostile_texts(void **state) {
    (void)state;
    refuse("a\x1B[2J\x01\xFF\xFE",
           "step 1: there is no filter \"a?[2J???\"; \"imbrex filters\" lists them all");
    refuse("invert:\xC3", "step 1, invert: amount is \"?\", but must be 0 to 1");
    refuse("invert:\x7F=1", NULL);
    enum { LENGTH = 300000 };
    char *huge = malloc(LENGTH + 1);
    assert_non_null(huge);
    static const char fill[] = "a:,=\"\\#\xFF";
    for (size_t i = 0; fill[i]; i++) {
        memset(huge, fill[i], LENGTH);
        huge[LENGTH] = 0;
        if (fill[i] != '#') refuse(huge, NULL);
        memcpy(huge, "invert:", 7);
        refuse(huge, NULL);
        memcpy(huge, "save:name=", 10);
        ibx_error err;
        ibx_recipe *recipe = ibx_recipe_parse(huge, &err);
        if (recipe)
            check(huge, NULL);
        else
            assert_in_range(strlen(err.text), 10, 300);
        ibx_recipe_free(recipe);
    }
    free(huge);
}

static void too_many_steps_are_refused(void **state) {
    (void)state;
    char *text = malloc((IBX_MAX_STEPS + 1) * 7 + 1);
    assert_non_null(text);
    for (int i = 0; i <= IBX_MAX_STEPS; i++) memcpy(text + 7 * i, "invert/", 8);
    refuse(text, "a recipe has at most 1000 steps");
    text[IBX_MAX_STEPS * 7] = 0;
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    assert_non_null(recipe);
    assert_int_equal(recipe->count, IBX_MAX_STEPS);
    ibx_recipe_free(recipe);
    free(text);
}

/* A file that is not there: whoever opens it, the step and the filter are named once. */
static void what_a_filter_refuses_names_its_step(void **state) {
    (void)state;
    size_t count;
    int tried = 0;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        for (const ibx_param *row = all[i]->params; row && row->name; row++) {
            if (row->type != IBX_TYPE_FILE || !all[i]->open) continue;
            char text[200], start[100];
            ibx_error err;
            snprintf(text, sizeof text, "invert/%s:%s=\"/no/such/file\"", all[i]->name, row->name);
            snprintf(start, sizeof start, "step 2, %s: ", all[i]->name);
            assert_null(ibx_recipe_parse(text, &err));
            assert_memory_equal(err.text, start, strlen(start));
            assert_null(strstr(err.text + strlen(start), start + 8));
            tried++;
        }
    if (!tried) skip();
}

/* Every row of every filter, by position and by name, at the ends of its range. */
static void every_number_at_its_ends(void **state) {
    (void)state;
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        for (const ibx_param *row = all[i]->params; row && row->name; row++) {
            if (row->type != IBX_TYPE_FLOAT && row->type != IBX_TYPE_INT) continue;
            for (int end = 0; end < 2; end++) {
                char text[200];
                ibx_error err;
                snprintf(text, sizeof text, "%s:%s=%.9g", all[i]->name, row->name,
                         end ? row->max : row->min);
                ibx_recipe *recipe = ibx_recipe_parse(text, &err);
                /* a filter may want more of its values than their ranges, in words of its own */
                if (recipe)
                    check(text, NULL);
                else if (strstr(err.text, row->name) && strstr(err.text, " to "))
                    fail_msg("%s: %s", text, err.text);
                ibx_recipe_free(recipe);
            }
        }
}

static bool is_automatic(const char *text) {
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    assert_non_null(recipe);
    const bool automatic = ibx_recipe_is_automatic(recipe);
    ibx_recipe_free(recipe);
    return automatic;
}

/* `save:auto` is `save` with a mark. */
static void formats_left_to_be_chosen(void **state) {
    (void)state;
    check("save:auto", "save:auto");
    check("save:format=auto,name=a", "save:auto,name=a");
    check("save:\"auto\" / invert / save", "save:auto/invert/save");
    assert_true(is_automatic("invert/save:auto"));
    assert_true(is_automatic("save:png/save:auto,name=b"));
    assert_false(is_automatic("save/save:png"));
    assert_false(is_automatic(""));
    refuse("save:auto,format=png", "step 1, save: format is given twice");
    refuse("save:auto,quality=50",
           "step 1, save: quality belongs to a format, so name one first, as in "
           "save:jpeg,quality=...");
    refuse("auto", NULL);
}

/* Demands a refusal that says where. */
static void strangers_name_no_files(void **state) {
    (void)state;
    ibx_error err = {0};
    assert_null(ibx_recipe_parse_foreign("invert/lut3d:\"/dev/null\"", &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_int_equal(err.step, 2);
    assert_string_equal(err.parameter, "file");
    assert_non_null(strstr(err.text, "not allowed"));
    assert_null(ibx_recipe_parse_foreign("icc:to=file,file=/etc/passwd", NULL));
    ibx_recipe *recipe = ibx_recipe_parse_foreign("icc:to=srgb/blur:2/save:png", &err);
    assert_non_null(recipe);
    ibx_recipe_free(recipe);
}

static void refuse_at(const char *text, int step, const char *name, const char *parameter,
                      const char *value) {
    ibx_error err = {.step = -1};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (recipe) fail_msg("%s: was not refused", text);
    if (err.step != step) fail_msg("%s: step %d", text, err.step);
    assert_string_equal(err.name, name);
    assert_string_equal(err.parameter, parameter);
    assert_string_equal(err.value, value);
}

static void errors_say_where(void **state) {
    (void)state;
    refuse_at("invert/blur:900", 2, "blur", "sigma", "900");
    refuse_at("blur:sigma=\"wide\"", 1, "blur", "sigma", "\"wide\"");
    refuse_at("invert/invert/blurr:2", 3, "blurr", "", "");
    refuse_at("blur:sigmma=2", 1, "blur", "sigmma", "2");
    refuse_at("blur:2,sigma=3", 1, "blur", "sigma", "3");
    refuse_at("invert:1,2,3", 1, "invert", "", "2");
    refuse_at("save:gpeg", 1, "save", "format", "gpeg");
    refuse_at("save:quality=3", 1, "save", "quality", "3");
    refuse_at("save:jpeg,101", 1, "save", "quality", "101");
    ibx_error err = {0};
    assert_null(ibx_recipe_parse("save:jpeg,101", &err));
    assert_string_equal(err.format, "jpeg");
    refuse_at("blur:2/lut3d:\"/no/such.cube\"", 2, "lut3d", "", "");
    refuse_at("blur:sigma=", 1, "blur", "sigma", "");
    refuse_at("invert/:2", 2, "", "", "");
    /* cut to their room, and not within a character */
    refuse_at("blur:0123456789012345678901234567890123456789012345678901234567890\u00e4\u00e4", 1,
              "blur", "sigma",
              "0123456789012345678901234567890123456789012345678901234567890\u00e4");
    refuse_at("blur:01234567890123456789012345678901234567890123456789012345678901\u00e4", 1,
              "blur", "sigma", "01234567890123456789012345678901234567890123456789012345678901");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_recipes),
        cmocka_unit_test(separators),
        cmocka_unit_test(comments),
        cmocka_unit_test(positional_and_named_values),
        cmocka_unit_test(quotes),
        cmocka_unit_test(saves_are_counted),
        cmocka_unit_test(unknown_words_are_refused),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(unbalanced_quotes_are_refused),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(too_many_steps_are_refused),
        cmocka_unit_test(what_a_filter_refuses_names_its_step),
        cmocka_unit_test(every_number_at_its_ends),
        cmocka_unit_test(formats_left_to_be_chosen),
        cmocka_unit_test(strangers_name_no_files),
        cmocka_unit_test(errors_say_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
