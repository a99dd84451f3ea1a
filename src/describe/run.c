/* run.c - words for errors, amounts and totals. */
#include "describe/run.h"

const char *ibx_code_word(ibx_code code) {
    static const char *const WORDS[] = {
        [IBX_OK] = "ok",       [IBX_USAGE] = "usage",         [IBX_FORMAT] = "format",
        [IBX_LIMIT] = "limit", [IBX_MEMORY] = "memory",       [IBX_IO] = "io",
        [IBX_FULL] = "full",   [IBX_CANCELLED] = "cancelled", [IBX_BUG] = "bug"};
    return WORDS[code];
}

const char *ibx_without_name(const char *text, const char *file) {
    const size_t length = strlen(file);
    const bool named = strncmp(text, file, length) == 0 && strncmp(text + length, ": ", 2) == 0;
    return named ? text + length + 2 : text;
}

ibx_amount ibx_bytes_in_words(int64_t bytes) {
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB"};
    ibx_amount a;
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 999.5 && unit < 4; unit++) value /= 1000;
    snprintf(a.text, sizeof a.text, unit > 0 && value < 99.95 ? "%.1f %s" : "%.0f %s", value,
             UNITS[unit]);
    return a;
}

ibx_amount ibx_seconds_in_words(double seconds) {
    ibx_amount a;
    const long s = (long)(seconds + 0.5);
    if (s < 3600)
        snprintf(a.text, sizeof a.text, "%ld:%02ld", s / 60, s % 60);
    else
        snprintf(a.text, sizeof a.text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    return a;
}

ibx_state ibx_state_in_words(const ibx_totals *t) {
    ibx_state state;
    char *text = state.text;
    const size_t size = sizeof state.text;
    const int64_t finished = t->done + t->failed + t->skipped;
    const double seconds = t->seconds > 0 ? t->seconds : 1e-9;
    size_t used =
        (size_t)snprintf(text, size, "%lld of %lld images, %d %%, %.1f MP/s", (long long)finished,
                         (long long)t->listed, t->listed ? (int)(100 * finished / t->listed) : 0,
                         (double)t->pixels / 1e6 / seconds);
    if (finished > 0 && finished < t->listed) {
        const double left = seconds / (double)finished * (double)(t->listed - finished);
        used += (size_t)snprintf(text + used, size - used, ", %s left",
                                 ibx_seconds_in_words(left).text);
    }
    if (t->failed) snprintf(text + used, size - used, ", %lld failed", (long long)t->failed);
    return state;
}
