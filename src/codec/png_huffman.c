/* png_huffman.c - see png_huffman.h.
 *
 * Two queues: the symbols from rare to frequent, and the pairs made so far, which come out in order
 * by themselves; the two rarest of both become the next pair. */
#include "codec/png_huffman.h"
#include <string.h>

enum { DIGIT = 9, DIGITS = 1 << DIGIT };

/* Sorts by nine bits of the key, those of equal digits in their old order. */
static void sort_by(const uint32_t *from, uint32_t *to, int n, int shift) {
    uint16_t place[DIGITS + 1] = {0};
    for (int i = 0; i < n; i++) place[(from[i] >> shift) % DIGITS + 1]++;
    for (int k = 0; k < DIGITS; k++) place[k + 1] = (uint16_t)(place[k + 1] + place[k]);
    for (int i = 0; i < n; i++) to[place[(from[i] >> shift) % DIGITS]++] = from[i];
}

/* The symbols that come up, rare ones first, each below its count; returns how many. */
static int sorted(const uint32_t *count, int n, uint32_t *keys) {
    uint32_t other[IBX_HUFFMAN_SYMBOLS];
    int used = 0;
    for (int i = 0; i < n; i++)
        if (count[i]) keys[used++] = count[i] << DIGIT | (uint32_t)i;
    sort_by(keys, other, used, DIGIT);
    sort_by(other, keys, used, 2 * DIGIT);
    return used;
}

/* How many symbols have each length, those beyond `most` counted with it. */
static void count_lengths(const uint32_t *keys, int used, int most, int *of_length) {
    uint32_t weight[2 * IBX_HUFFMAN_SYMBOLS];
    uint16_t parent[2 * IBX_HUFFMAN_SYMBOLS], depth[2 * IBX_HUFFMAN_SYMBOLS];
    for (int i = 0; i < used; i++) weight[i] = keys[i] >> DIGIT;
    int leaf = 0, pair = used;
    for (int made = used; made < 2 * used - 1; made++) {
        weight[made] = 0;
        for (int k = 0; k < 2; k++) {
            const int next =
                leaf < used && (pair == made || weight[leaf] <= weight[pair]) ? leaf++ : pair++;
            weight[made] += weight[next];
            parent[next] = (uint16_t)made;
        }
    }
    depth[2 * used - 2] = 0;
    for (int i = 2 * used - 3; i >= 0; i--) {
        depth[i] = (uint16_t)(depth[parent[i]] + 1);
        if (i < used) of_length[depth[i] < most ? depth[i] : most]++;
    }
}

/* Makes room for what was cut to `most`: two longer codes take the place of a shorter one and of
 * one of the longest, as often as codes are too many. */
static void limit(int most, int *of_length) {
    uint32_t taken = 0;
    for (int k = 1; k <= most; k++) taken += (uint32_t)of_length[k] << (most - k);
    for (; taken > 1u << most; taken--) {
        int k = most - 1;
        while (!of_length[k]) k--;
        of_length[k]--;
        of_length[k + 1] += 2;
        of_length[most]--;
    }
}

void ibx_huffman_lengths(const uint32_t *count, int n, int most, uint8_t *length) {
    uint32_t keys[IBX_HUFFMAN_SYMBOLS] = {0};
    int of_length[IBX_HUFFMAN_LONGEST + 1] = {0};
    const int used = sorted(count, n, keys);
    count_lengths(keys, used, most, of_length);
    limit(most, of_length);
    memset(length, 0, (size_t)n);
    for (int k = most, i = 0; k > 0; k--)
        for (int left = of_length[k]; left > 0; left--, i++) length[keys[i] % DIGITS] = (uint8_t)k;
}

void ibx_huffman_codes(const uint8_t *length, int n, uint16_t *code) {
    uint32_t of_length[IBX_HUFFMAN_LONGEST + 1] = {0}, next[IBX_HUFFMAN_LONGEST + 1] = {0};
    for (int i = 0; i < n; i++) of_length[length[i]]++;
    of_length[0] = 0;
    for (int k = 1; k <= IBX_HUFFMAN_LONGEST; k++) next[k] = (next[k - 1] + of_length[k - 1]) * 2;
    for (int i = 0; i < n; i++) {
        uint32_t number = next[length[i]]++, reversed = 0;
        for (int k = 0; k < length[i]; k++, number >>= 1) reversed = reversed << 1 | (number & 1);
        code[i] = (uint16_t)reversed;
    }
}
