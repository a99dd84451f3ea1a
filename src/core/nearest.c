/* nearest.c - "did you mean": the nearest word by edit distance. */
#include "core/param.h"
#include "core/text.h"

enum { LONGEST = 40 }; /* names are shorter; a longer text is no slip of one */

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b (the "optimal
 * string alignment" distance), whatever the case. Both are at most LONGEST long. */
static int edit_distance(const char *a, const char *b) {
    const int na = (int)strlen(a), nb = (int)strlen(b);
    int d[LONGEST + 1][LONGEST + 1];
    for (int i = 0; i <= na; i++) d[i][0] = i;
    for (int j = 0; j <= nb; j++) d[0][j] = j;
    for (int i = 1; i <= na; i++)
        for (int j = 1; j <= nb; j++) {
            const char ai = ibx_lower(a[i - 1]), bj = ibx_lower(b[j - 1]);
            int best = ibx_min(d[i - 1][j], d[i][j - 1]) + 1;
            best = ibx_min(best, d[i - 1][j - 1] + (ai != bj));
            if (i > 1 && j > 1 && ai == ibx_lower(b[j - 2]) && bj == ibx_lower(a[i - 2]))
                best = ibx_min(best, d[i - 2][j - 2] + 1);
            d[i][j] = best;
        }
    return d[na][nb];
}

const char *ibx_nearest(const char *text, const char *(*word)(const void *list, int i),
                        const void *list, int count) {
    const size_t length = strlen(text);
    if (length == 0 || length > LONGEST) return NULL;
    const char *nearest = NULL;
    int least = ibx_max(1, (int)length / 3) + 1; /* one slip for every three letters */
    for (int i = 0; i < count; i++) {
        const char *candidate = word(list, i);
        const size_t n = strlen(candidate);
        if (n > LONGEST) continue;
        const int distance = edit_distance(text, candidate);
        /* a word of which half would have to change is another word */
        if (distance >= least || 2 * distance >= ibx_max((int)n, (int)length)) continue;
        least = distance;
        nearest = candidate;
    }
    return nearest;
}
