/* recipe - the text of a recipe while it is edited: where steps and errors are, edits, completion;
 * hashes, commands, addresses, and recent files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "core/recipe.h"
#include "gimp/model/complete.h"
#include "gimp/model/share.h"
#include "gimp/sentence.h"
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>

/* ---- steps ----------------------------------------------------------------------------------- */

static const char *const RIGHT[] = {
    "",
    "invert",
    "blur:3/invert",
    "  blur:3 \n# blurred / twice\n\nblur:sigma=3,light=encoded   invert/ # the end",
    "save:png,name=\"a / b, \\\" c\"/invert",
    "resize:800x/unsharp:1,amount=0.5/save:jpeg,quality=80"};

/* What is taken apart is what the parser takes: as many steps, and each alone reads the same. */
static void check_steps(const char *text, const ibx_recipe *recipe) {
    assert_int_equal(ibx_gimp_count_steps(text), recipe->count);
    for (int k = 0; k < recipe->count; k++) {
        ibx_gimp_stretch s;
        assert_true(ibx_gimp_find_step(text, k, &s));
        char *alone = strndup(text + s.all.at, s.all.length);
        ibx_recipe *one = ibx_recipe_parse(alone, NULL);
        assert_non_null(one);
        assert_int_equal(one->count, 1);
        char *read = ibx_recipe_print(one);
        char *meant = ibx_recipe_print(&(ibx_recipe){&recipe->steps[k], 1});
        assert_string_equal(read, meant);
        free(read);
        free(meant);
        free(alone);
        ibx_recipe_free(one);
    }
}

static void test_steps_are_the_parsers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof RIGHT / sizeof *RIGHT; i++) {
        ibx_recipe *recipe = ibx_recipe_parse(RIGHT[i], NULL);
        assert_non_null(recipe);
        check_steps(RIGHT[i], recipe);
        ibx_recipe_free(recipe);
    }
}

/* Every example of every filter too; some name files that are not here. */
static void test_examples(void **state) {
    (void)state;
    size_t count;
    int checked = 0;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < 4 && filters[i]->examples[k]; k++) {
            ibx_recipe *recipe = ibx_recipe_parse(filters[i]->examples[k], NULL);
            if (recipe) check_steps(filters[i]->examples[k], recipe);
            checked += recipe != NULL;
            ibx_recipe_free(recipe);
        }
    assert_true(checked > (int)count);
}

static void check_edit(char *edited, const char *wanted) {
    assert_string_equal(edited, wanted);
    free(edited);
}

static void test_edits(void **state) {
    (void)state;
    check_edit(ibx_gimp_replace_step("blur:3/invert", 1, "sharpen"), "blur:3/sharpen");
    check_edit(ibx_gimp_replace_step("blur:3/invert", 2, "sharpen"), "blur:3/invert");
    check_edit(ibx_gimp_replace_step("# why\nblur # because\n", 0, "a:1"),
               "# why\na:1 # because\n");
    check_edit(ibx_gimp_insert_step("", 0, "blur"), "blur");
    check_edit(ibx_gimp_insert_step("blur", 1, "invert"), "blur/invert");
    check_edit(ibx_gimp_insert_step("blur", 0, "invert"), "invert/blur");
    check_edit(ibx_gimp_insert_step("blur\ninvert\n", 2, "crop:5x5"), "blur\ninvert\ncrop:5x5");
    check_edit(ibx_gimp_insert_step("blur\ninvert", 1, "crop:5x5"), "blur\ncrop:5x5/invert");
    check_edit(ibx_gimp_insert_step("# nothing", 0, "blur"), "# nothing\nblur");
    check_edit(ibx_gimp_remove_step("a/b/c", 0), "b/c");
    check_edit(ibx_gimp_remove_step("a/b/c", 1), "a/c");
    check_edit(ibx_gimp_remove_step("a/b/c", 2), "a/b");
    check_edit(ibx_gimp_remove_step("a", 0), "");
    check_edit(ibx_gimp_move_step("a/b/c", 0, 2), "b/c/a");
    check_edit(ibx_gimp_move_step("a/b/c", 2, 0), "c/a/b");
    check_edit(ibx_gimp_move_step("a/b/c", 1, 3), "a/b/c");
}

static void test_moves(void **state) {
    (void)state;
    int from, to;
    assert_false(ibx_gimp_find_move((const int[]){0, 1, 2}, 3, &from, &to));
    for (int f = 0; f < 5; f++)
        for (int t = 0; t < 5; t++) {
            char *moved = ibx_gimp_move_step("0/1/2/3/4", f, t);
            int order[5];
            for (int i = 0; i < 5; i++) order[i] = moved[2 * i] - '0';
            free(moved);
            if (f == t) continue;
            assert_true(ibx_gimp_find_move(order, 5, &from, &to));
            char *again = ibx_gimp_move_step("0/1/2/3/4", from, to);
            for (int i = 0; i < 5; i++) assert_int_equal(order[i], again[2 * i] - '0');
            free(again);
        }
}

/* The words that an error is said to be about. */
static void check_place(const char *text, const char *words) {
    ibx_error err = {0};
    assert_null(ibx_recipe_parse(text, &err));
    const ibx_gimp_slice s = ibx_gimp_error_place(text, &err);
    char *found = strndup(text + s.at, s.length);
    assert_string_equal(found, words);
    free(found);
}

static void test_places_of_errors(void **state) {
    (void)state;
    check_place("invert/blurr", "blurr");
    check_place("invert/blur:900", "900");
    check_place("invert/blur:sigma=900", "sigma=900");
    check_place("invert # blur:900\n/blur:1,colour=2", "colour=2");
    check_place("blur:light=lineal/invert", "light=lineal");
    check_place("save:nosuch", "nosuch");
    assert_int_equal(ibx_gimp_step_at("ab/cd", 0), 0);
    assert_int_equal(ibx_gimp_step_at("ab/cd", 2), 0);
    assert_int_equal(ibx_gimp_step_at("ab/cd", 3), 1);
    assert_int_equal(ibx_gimp_step_at("ab/cd / ", 8), -1);
}

/* ---- completion -------------------------------------------------------------------------------
 */

static bool offers(const char *before, const char *after, bool saves, const char *word) {
    ibx_gimp_choices choices;
    char *text = g_strconcat(before, after, NULL);
    bool found = false;
    assert_true(ibx_gimp_complete(text, strlen(before), saves, &choices));
    for (int i = 0; i < choices.count; i++) found |= strcmp(choices.choice[i].text, word) == 0;
    ibx_gimp_choices_free(&choices);
    g_free(text);
    return found;
}

static void test_completion(void **state) {
    (void)state;
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(offers("", "", false, filters[i]->name));
        assert_true(offers("invert/", "/invert", false, filters[i]->name));
        for (const ibx_param *row = filters[i]->params; row && row->name; row++) {
            char *step = g_strdup_printf("%s:", filters[i]->name);
            char *key = g_strdup_printf("%s=", row->name);
            char *given = g_strdup_printf("%s:%s", filters[i]->name, key);
            assert_true(offers(step, "", false, key));
            for (int k = 0; row->choices && row->choices[k]; k++)
                assert_true(offers(given, "", false, row->choices[k]));
            g_free(step);
            g_free(key);
            g_free(given);
        }
    }
    assert_true(offers("invert/bl", "", false, "blur"));
    assert_false(offers("invert/bx", "", false, "blur"));
    assert_true(offers("", "", true, "save"));
    assert_false(offers("", "", false, "save"));
    assert_true(offers("save:", "", true, "png"));
    assert_true(offers("save:jpeg,qual", "", true, "quality="));
    assert_false(offers("blur:sigma=3,", "", false, "sigma="));
    assert_false(offers("invert # ", "", false, "blur"));
    assert_false(offers("blur:light=\"l", "", false, "linear"));
}

/* ---- taken elsewhere --------------------------------------------------------------------------
 */

static void test_hash(void **state) {
    (void)state;
    ibx_recipe *a = ibx_recipe_parse("blur:sigma=3 / invert # both", NULL),
               *b = ibx_recipe_parse("blur:3/invert", NULL), *c = ibx_recipe_parse("blur:3", NULL);
    const ibx_gimp_hash one = ibx_gimp_recipe_hash(a), two = ibx_gimp_recipe_hash(b),
                        three = ibx_gimp_recipe_hash(c);
    assert_string_equal(one.text, two.text);
    assert_string_not_equal(one.text, three.text);
    assert_int_equal(strlen(one.text), 12);
    ibx_recipe_free(a);
    ibx_recipe_free(b);
    ibx_recipe_free(c);
}

/* A shell must get back what went in. */
static void check_command(const char *text, const char *file) {
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    assert_non_null(recipe);
    char *printed = ibx_recipe_print(recipe), *command = ibx_gimp_command(printed, file);
    char **word;
    int words;
    assert_true(g_shell_parse_argv(command, &words, &word, NULL));
    assert_int_equal(words, 6);
    assert_string_equal(word[2], printed);
    assert_true(g_str_has_suffix(word[3], file) && word[3][0] != '-');
    g_strfreev(word);
    free(command);
    free(printed);
    ibx_recipe_free(recipe);
}

static void test_commands(void **state) {
    (void)state;
    check_command("blur:3/invert", "a.jpg");
    check_command("save:png,name=\"it's a $name\"", "/tmp/it's one.jpg");
    check_command("flatten:#ff0000", "-rf.png");
    char *command = ibx_gimp_command("blur:3/invert", "a.jpg");
    assert_string_equal(command, "imbrex run blur:3/invert a.jpg -o out/");
    free(command);
}

static void check_for_file(const char *text, bool own_space, const char *wanted) {
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    char *spelling = ibx_gimp_recipe_for_file(recipe, own_space);
    assert_string_equal(spelling, wanted);
    free(spelling);
    ibx_recipe_free(recipe);
}

/* Colours of a layer stay in its space, and those of its file do too. */
static void test_own_space(void **state) {
    (void)state;
    check_for_file("blur:sigma=3 invert", false, "blur:3/invert");
    check_for_file("blur:sigma=3 invert", true, "icc:keep/blur:3/invert");
    check_for_file("blur:3/icc:p3", true, "blur:3/icc:p3");
    check_for_file("", true, "icc:keep");
}

static void test_addresses(void **state) {
    (void)state;
    ibx_recipe *recipe = ibx_recipe_parse("resize:800x\nsave:png,name=\"a b\"", NULL);
    char *text = ibx_gimp_recipe_for_file(recipe, false),
         *address = ibx_gimp_address(text, "to a/ö?.jpg");
    assert_string_equal(address, "http://127.0.0.1:8080/v1/-/resize:800x/save:png,name=%22a%20b%22"
                                 "/file/to%20a%2F%C3%B6%3F.jpg");
    free(address);
    free(text);
    ibx_recipe_free(recipe);
}

static void test_recent_files(void **state) {
    (void)state;
    char *folder = g_dir_make_tmp("imbrex-recent-XXXXXX", NULL);
    char *list = g_build_filename(folder, "sub", "recent", NULL);
    char *name[IBX_GIMP_RECENT + 3];
    for (int i = 0; i < IBX_GIMP_RECENT + 3; i++) {
        name[i] = g_strdup_printf("%s/%d.ibx", folder, i);
        assert_true(g_file_set_contents(name[i], "invert\n", -1, NULL));
        assert_true(ibx_gimp_recent_add(list, name[i], NULL));
    }
    assert_true(ibx_gimp_recent_add(list, name[8], NULL));
    g_remove(name[10]);
    ibx_gimp_recent recent;
    ibx_gimp_recent_read(&recent, list);
    assert_string_equal(recent.name[0], name[8]);
    assert_string_equal(recent.name[1], name[IBX_GIMP_RECENT + 2]);
    assert_string_equal(recent.name[3], name[9]); /* 10 is gone, 8 is in front */
    assert_null(recent.name[IBX_GIMP_RECENT]);
    ibx_gimp_recent_free(&recent);
    ibx_error err = {0};
    assert_false(ibx_gimp_recent_add("/proc/no/recent", name[0], &err));
    assert_int_equal(err.code, IBX_IO);
    for (int i = 0; i < IBX_GIMP_RECENT + 3; i++) {
        g_remove(name[i]);
        g_free(name[i]);
    }
    g_remove(list);
    g_free(list);
    g_free(folder);
}

/* Advice for the command line is taken off, all else stays. */
static void test_sentences(void **state) {
    static const char *const PAIRS[][2] = {
        {"more than the limit of 5; raise it with --max-pixels", "more than the limit of 5"},
        {"the output a;b exists; say --if-exists skip, or choose another folder with -o",
         "the output a;b exists"},
        {"the image is indexed; change it to RGB first", NULL},
        {"imbrex cannot write ARW; name a format with --format or save:...",
         "imbrex cannot write ARW"},
        {"step 1: there is no filter \"x\"; \"imbrex filters\" lists them all",
         "step 1: there is no filter \"x\""},
        {"there is no filter \"blurr\"; did you mean blur? \"imbrex filters\" lists them all",
         "there is no filter \"blurr\"; did you mean blur?"},
        {"odd\xe4/b.jpg: \xc3\xa4 \xc3", "odd?/b.jpg: \xc3\xa4 ?"},
        {"cats; dogs -old/x -- y.png cannot be written: no space left", NULL},
        {"a -o b --c", NULL},
        {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s", PAIRS[i][0]);
        ibx_gimp_sentence(text);
        assert_string_equal(text, PAIRS[i][1] ? PAIRS[i][1] : PAIRS[i][0]);
    }
    char *lines = ibx_gimp_sentences("a; with --name\nb\xff\n");
    assert_string_equal(lines, "a\nb?\n");
    g_free(lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps_are_the_parsers),
                                       cmocka_unit_test(test_examples),
                                       cmocka_unit_test(test_edits),
                                       cmocka_unit_test(test_moves),
                                       cmocka_unit_test(test_places_of_errors),
                                       cmocka_unit_test(test_completion),
                                       cmocka_unit_test(test_hash),
                                       cmocka_unit_test(test_commands),
                                       cmocka_unit_test(test_own_space),
                                       cmocka_unit_test(test_addresses),
                                       cmocka_unit_test(test_recent_files),
                                       cmocka_unit_test(test_sentences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
