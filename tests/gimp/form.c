/* form.c - what a form of the plug-in knows without a toolkit: the ranges of its sliders, values
 * under edit. */
#include "core/param.h"
#include "gimp/model/range.h"
#include "gimp/model/values.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- ranges ---------------------------------------------------------------------------------- */

static const ibx_param *any_number(size_t *filter, int *row) {
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (; *filter < count; ++*filter, *row = 0)
        while (*row < ibx_param_count(all[*filter]->params)) {
            const ibx_param *p = &all[*filter]->params[(*row)++];
            if (p->type == IBX_TYPE_FLOAT || p->type == IBX_TYPE_INT) return p;
        }
    return NULL;
}

/* For all there are: the soft range lies in the hard one and holds the default, the slider goes
 * from end to end and back, and the entry shows the default and the ends as they are. */
static void test_ranges(void **state) {
    (void)state;
    size_t filter = 0;
    int row = 0, seen = 0;
    for (const ibx_param *p; (p = any_number(&filter, &row)); seen++) {
        const ibx_window_range r = ibx_window_range_of(p);
        if (!(r.low >= p->min && r.high <= p->max && r.low < r.high && p->def >= r.low &&
              p->def <= r.high && r.step > 0 && r.page >= r.step))
            fail_msg("%s: %g to %g in steps of %g", p->name, r.low, r.high, r.step);
        assert_true(ibx_window_range_position(&r, r.low) == 0);
        assert_true(fabs(ibx_window_range_position(&r, r.high) - 1) < 1e-12);
        assert_true(ibx_window_range_position(&r, p->max * 2 + 1) >= 1 - 1e-12);
        const double back = ibx_window_range_value(&r, ibx_window_range_position(&r, p->def));
        if (fabs(back - p->def) > 1e-9) fail_msg("%s: %g becomes %g", p->name, p->def, back);
        char text[32];
        snprintf(text, sizeof text, "%.*f", r.digits, p->def);
        if (fabs(atof(text) - p->def) > 1e-9) fail_msg("%s shows %s", p->name, text);
    }
    assert_true(seen > 20);
}

static void test_soft_ranges(void **state) {
    (void)state;
    const ibx_param wide = {.type = IBX_TYPE_FLOAT, .min = 0.1, .max = 250, .def = 1};
    const ibx_param even = {.type = IBX_TYPE_FLOAT, .min = -1, .max = 1, .def = 0};
    const ibx_param whole = {.type = IBX_TYPE_INT, .min = 0, .max = 1000, .def = 3};
    ibx_window_range r = ibx_window_range_of(&wide);
    assert_true(r.high == 20 && r.logarithmic && r.digits == 2);
    assert_true(ibx_window_range_position(&r, sqrt(r.low * r.high)) == 0.5);
    r = ibx_window_range_of(&even);
    assert_true(r.low == -1 && r.high == 1 && !r.logarithmic);
    assert_true(ibx_window_range_position(&r, 0) == 0.5);
    r = ibx_window_range_of(&whole);
    assert_true(r.high == 50 && r.digits == 0 && r.step == 1);
    assert_true(ibx_window_range_value(&r, 0.5) == 25);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *const WORDS[] = {"soft", "hard", NULL};

typedef struct {
    float amount;
    int way;
    const char *words;
    ibx_extent size;
} params;

static const ibx_param ROWS[] = {IBX_FLOAT(params, amount, 0, 10, 1, "px", "How much."),
                                 IBX_CHOICE(params, way, WORDS, 0, "How."),
                                 IBX_TEXT(params, words, "none", "What it says."),
                                 IBX_EXTENT(params, size, 1, 5000, "100%", "How large."), IBX_END};
static const ibx_filter FILTER = {.name = "sample", .params_size = sizeof(params), .params = ROWS};

static void check_words(const ibx_window_values *v, int row, const char *wanted) {
    char *words = ibx_window_values_words(v, row);
    assert_string_equal(words, wanted);
    free(words);
}

static void check_print(const ibx_window_values *v, const char *wanted) {
    char *text = ibx_window_values_print(v);
    assert_string_equal(text, wanted);
    free(text);
}

static void test_values(void **state) {
    (void)state;
    ibx_error err;
    ibx_window_values *v = ibx_window_values_new(&(ibx_step){.filter = &FILTER});
    assert_non_null(v);
    check_print(v, "sample");
    assert_true(ibx_window_values_set(v, 0, " 2.5 "));
    assert_true(ibx_window_values_set(v, 1, "hard"));
    assert_true(ibx_window_values_set(v, 2, "a \"b\" \\ c"));
    check_words(v, 2, "a \"b\" \\ c");
    check_words(v, 3, "100%");
    check_print(v, "sample:2.5,hard,\"a \\\"b\\\" \\\\ c\"");
    assert_false(ibx_window_values_is_default(v, 0));
    assert_true(ibx_window_values_is_default(v, 3));

    /* What is refused leaves the value, and says where it is. */
    assert_false(ibx_window_values_set(v, 0, "11"));
    check_words(v, 0, "2.5");
    assert_false(ibx_window_values_set(v, 3, "7y"));
    assert_false(ibx_window_values_check(v, &err));
    assert_ptr_equal(strstr(err.text, "Amount is 11, but must be"), err.text);
    ibx_window_values_reset(v, 0);
    check_words(v, 0, "1");
    assert_false(ibx_window_values_check(v, &err));
    assert_ptr_equal(strstr(err.text, "Size is"), err.text);
    ibx_window_values_free(v);
}

/* Of a real filter, the whole is checked as well: that is, its recipe. */
static void test_check(void **state) {
    (void)state;
    ibx_error err;
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) {
        ibx_window_values *v = ibx_window_values_new(&(ibx_step){.filter = all[i]});
        ibx_recipe *recipe = ibx_recipe_parse(all[i]->name, NULL);
        const bool ok = ibx_window_values_check(v, &err);
        if (ok != (recipe != NULL) || ok != (err.text[0] == 0))
            fail_msg("%s: %s", all[i]->name, err.text);
        ibx_recipe_free(recipe);
        ibx_window_values_free(v);
    }
}

/* Every example of every filter goes through a form unchanged. */
static void test_examples(void **state) {
    (void)state;
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        for (int e = 0; e < 4 && all[i]->examples[e]; e++) {
            ibx_recipe *recipe = ibx_recipe_parse(all[i]->examples[e], NULL);
            for (int s = 0; recipe && s < recipe->count; s++) {
                ibx_window_values *v = ibx_window_values_new(&recipe->steps[s]);
                char *wanted = ibx_recipe_print(&(ibx_recipe){&recipe->steps[s], 1});
                const int rows = ibx_param_count(ibx_window_values_rows(v));
                for (int r = 0; r < rows; r++) {
                    char *words = ibx_window_values_words(v, r);
                    assert_true(ibx_window_values_set(v, r, words));
                    free(words);
                }
                check_print(v, wanted);
                free(wanted);
                ibx_window_values_free(v);
            }
            ibx_recipe_free(recipe);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges),
                                       cmocka_unit_test(test_soft_ranges),
                                       cmocka_unit_test(test_values), cmocka_unit_test(test_check),
                                       cmocka_unit_test(test_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
