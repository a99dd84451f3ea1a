/* histogram.c - sums and curves of histograms. */
#include "histogram.h"

size_t ibx_histogram_size(const ibx_call *c) {
    (void)c;
    return sizeof(ibx_histogram);
}

void ibx_histogram_merge(const ibx_call *c, void *into, const void *from) {
    (void)c;
    ibx_histogram *a = into;
    const ibx_histogram *b = from;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k <= IBX_TONES; k++) a->bin[i][k] += b->bin[i][k];
}

void ibx_histogram_equalize(const uint32_t *bin, int n, double clip, float *curve) {
    uint64_t total = 0, excess = 0, sum = 0;
    for (int i = 0; i < n; i++) total += bin[i];
    const uint64_t limit = (uint64_t)fmax(1, clip * (double)total / n), bins = (uint64_t)n;
    for (int i = 0; i < n; i++) excess += bin[i] > limit ? bin[i] - limit : 0;
    const uint64_t each = excess / bins, rest = excess % bins;
    for (uint64_t i = 0; i < bins; i++) {
        sum += (bin[i] > limit ? limit : bin[i]) + each;
        sum += (i + 1) * rest / bins - i * rest / bins;
        curve[i] = total ? (float)((double)sum / (double)total) : (float)i / (float)(n - 1);
    }
}
