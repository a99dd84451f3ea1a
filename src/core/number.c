/* number.c - float to decimal and back, in any locale. */
#include "core/value.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static const char *skip_digits(const char *s) {
    return s + strspn(s, "0123456789");
}

/* strtof also takes blanks, hexadecimal, inf and nan. */
static bool is_decimal(const char *s) {
    if (*s == '+' || *s == '-') s++;
    const char *whole = s;
    s = skip_digits(s);
    ptrdiff_t digits = s - whole;
    if (*s == '.') {
        const char *fraction = ++s;
        s = skip_digits(s);
        digits += s - fraction;
    }
    if (digits == 0) return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-') s++;
        const char *exponent = s;
        s = skip_digits(s);
        if (s == exponent) return false;
    }
    return *s == 0;
}

/* The C locale for this thread until leave_c(). newlocale("C") cannot fail; if it did, uselocale
 * would leave things as they are. */
typedef struct {
    locale_t c, before;
} c_locale;

static c_locale enter_c(void) {
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (c_locale){c, uselocale(c)};
}

static void leave_c(c_locale l) {
    uselocale(l.before);
    if (l.c) freelocale(l.c);
}

bool ibx_float_parse(const char *spelling, float *value) {
    if (!is_decimal(spelling)) return false;
    const c_locale l = enter_c();
    const float v = strtof(spelling, NULL);
    leave_c(l);
    if (!isfinite(v)) return false;
    *value = v == 0 ? 0 : v; /* no negative zero: it prints as its default would */
    return true;
}

void ibx_float_print(float value, ibx_text *t) {
    /* 1e9 has no fraction as a float, and 1e-4 needs no more than 13 decimals. */
    const bool plain = value == 0 || (fabsf(value) >= 1e-4f && fabsf(value) < 1e9f);
    char digits[40];
    const c_locale l = enter_c();
    for (int n = 0; n < 16; n++) {
        snprintf(digits, sizeof digits, plain ? "%.*f" : "%.*e", n, (double)value);
        if (strtof(digits, NULL) == value) break;
    }
    leave_c(l);
    ibx_text_put(t, digits);
}
