#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

ibx_image spatial_noise(int w, int h, ibx_model model, bool alpha, int levels) {
    ibx_image im = whole_new(w, h, model, alpha);
    uint32_t seed = 12345;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int p = 0; p < ibx_planes(&im.head); p++) {
                seed = seed * 1664525U + 1013904223U;
                const bool is_alpha = alpha && p == (int)model;
                float v = (float)(seed >> 8) / 16777216.F;
                if (levels)
                    v = floorf(v * ((float)levels + 0.99F)) * (1.F / (float)levels);
                else if (!is_alpha)
                    v = v * 1.5F - 0.25F;
                if (is_alpha && (x + y) % 3 == 0) v = 0;
                *whole_at(&im, p, x, y) = v;
            }
    return im;
}

void spatial_same_for_tiles(const char *recipe, const ibx_image *in) {
    static const int SHAPES[][2] = {{1, 1}, {7, 5}, {64, 64}, {0, 3}, {5, 0}};
    ibx_image whole = whole_applied(recipe, in);
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        ibx_image out;
        ibx_error err = {0};
        if (!whole_apply_tiled(recipe, in, SHAPES[i][0], SHAPES[i][1], &out, &err))
            fail_msg("%s: %s", recipe, err.text);
        if (memcmp(out.pixels, whole.pixels, whole.stride * (size_t)whole.head.h) != 0)
            fail_msg("%s: tiles of %d x %d differ from the whole", recipe, SHAPES[i][0],
                     SHAPES[i][1]);
        whole_free(&out);
    }
    whole_free(&whole);
}

double spatial_sample(const ibx_image *in, int p, int x, int y) {
    return (double)*whole_at(in, p, ibx_min(ibx_max(x, 0), in->head.w - 1),
                             ibx_min(ibx_max(y, 0), in->head.h - 1));
}

double spatial_psnr(const ibx_image *image, int p, const double *reference) {
    double sum = 0;
    for (int y = 0; y < image->head.h; y++)
        for (int x = 0; x < image->head.w; x++) {
            const double d = spatial_sample(image, p, x, y) - *reference++;
            sum += d * d;
        }
    return sum == 0 ? 200 : -10 * log10(sum / image->head.w / image->head.h);
}

double spatial_worst(const ibx_image *image, int p, const double *reference) {
    double worst = 0;
    for (int y = 0; y < image->head.h; y++)
        for (int x = 0; x < image->head.w; x++) {
            const double d = fabs(spatial_sample(image, p, x, y) - *reference++);
            if (!(d <= worst)) worst = d;
        }
    return worst;
}
