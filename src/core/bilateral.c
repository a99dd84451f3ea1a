/* bilateral.c - the weights of bilateral.h; nothing here touches a pixel. */
#include "bilateral.h"

#define LOG2_E 1.4426950408889634

void ibx_bilateral_make(ibx_bilateral *b, double sigma_space, double sigma_range) {
    const int r = ibx_max(1, (int)floor(1.5 * sigma_space + 0.5));
    b->radius = r;
    b->scale = (float)(sqrt(LOG2_E / 2) / sigma_range);
    for (int dy = 0; dy <= r; dy++)
        for (int dx = 0; dx * dx + dy * dy <= r * r; dx++) {
            const int square = dx * dx + dy * dy;
            b->reach[dy] = dx;
            b->distance[dy][dx] = (float)(-LOG2_E * square / (2 * sigma_space * sigma_space));
        }
}
