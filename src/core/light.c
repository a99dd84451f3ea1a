/* light.c - colours of lights, and seeing under one as under another. */
#include "light.h"

/* Linear sRGB to the cone responses of Bradford (ICC.1:2022, annex E), and back; by way of XYZ
 * from the primaries and the white of IEC 61966-2-1. */
static const double CONES[9] = {0.4226580414, 0.4913566407, 0.0273644971,
                                0.0556908000, 0.9615562081, 0.0231893749,
                                0.0213792411, 0.0876439216, 0.9807434330};
static const double BACK[9] = {2.5384479742,  -1.2934825680, -0.0402432469,
                               -0.1460003651, 1.1166224075,  -0.0223285197,
                               -0.0422883757, -0.0715900700, 1.0225073096};

void ibx_light_cones(const double rgb[3], double cones[3]) {
    for (int i = 0; i < 3; i++) {
        const double *m = CONES + 3 * i;
        cones[i] = m[0] * rgb[0] + m[1] * rgb[1] + m[2] * rgb[2];
    }
}

void ibx_light_adapt(const double from[3], const double to[3], float m[9]) {
    double gain[3];
    for (int k = 0; k < 3; k++) gain[k] = to[k] / fmax(from[k], to[k] / 50);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++) sum += BACK[3 * i + k] * gain[k] * CONES[3 * k + j];
            m[3 * i + j] = (float)sum;
        }
}

/* Chromaticity CIE 1960 u, v of a black body (Kim et al., US patent 7024034, 2002: cubic splines
 * for x and y, 1667 to 25000 K). */
static void chromaticity(double t, double *u, double *v) {
    const double k = 1000 / t, k2 = k * k, k3 = k2 * k;
    const double x = t < 4000 ? -0.2661239 * k3 - 0.2343589 * k2 + 0.8776956 * k + 0.179910
                              : -3.0258469 * k3 + 2.1070379 * k2 + 0.2226347 * k + 0.240390;
    const double x2 = x * x, x3 = x2 * x;
    const double y = t < 2222   ? -1.1063814 * x3 - 1.34811020 * x2 + 2.18555832 * x - 0.20219683
                     : t < 4000 ? -0.9549476 * x3 - 1.37418593 * x2 + 2.09137015 * x - 0.16748867
                                : 3.0817580 * x3 - 5.87338670 * x2 + 3.75112997 * x - 0.37001483;
    *u = 4 * x / (12 * y - 2 * x + 3);
    *v = 6 * y / (12 * y - 2 * x + 3);
}

void ibx_light_black_body(double kelvin, double tint, double cones[3]) {
    static const double BRADFORD[9] = {0.8951, 0.2664, -0.1614, -0.7502, 1.7135,
                                       0.0367, 0.0389, -0.0685, 1.0296};
    double u, v, u1, v1, u2, v2;
    chromaticity(kelvin, &u, &v);
    chromaticity(fmax(kelvin * 0.999, 1667), &u1, &v1);
    chromaticity(fmin(kelvin * 1.001, 25000), &u2, &v2);
    const double du = u2 - u1, dv = v2 - v1, step = tint / 3000 / hypot(du, dv);
    u += dv * step;
    v -= du * step;
    const double x = 1.5 * u / (u - 4 * v + 2), y = v / (u - 4 * v + 2);
    for (int i = 0; i < 3; i++)
        cones[i] =
            (BRADFORD[3 * i] * x + BRADFORD[3 * i + 1] * y + BRADFORD[3 * i + 2] * (1 - x - y)) / y;
}
