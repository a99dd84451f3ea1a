/* rank_networks.h - comparators of the sorting networks behind rank_network_kernels.c.
 *
 * For windows of k x k. O(i, j) puts the lesser of samples i and j into i and the greater into j;
 * in lists named OUT, O(r, i) says that then sample i is the one of rank r of those that are
 * wanted.
 *
 *   IBX_COLUMN_k  sorts k - 1 samples. Batcher's merge exchange (Knuth, 5.2.2, algorithm M)
 *   IBX_SORT_k    sorts k samples, in the same way
 *   IBX_GROUP_k   merges 2, 2, 3 columns, for k = 3, 5, 7
 *   IBX_CORE_k    of the k columns that two windows share, given as groups and then the last
 * column: the k + 1 samples in the middle of their order; no median can lie beyond
 *
 * The last two are Batcher's odd-even merges, without the comparators that change nothing for any
 * input of zeros and ones in sorted parts, which makes them right for all (tests/median.c). */
#ifndef IBX_CORE_RANK_NETWORKS_H
#define IBX_CORE_RANK_NETWORKS_H

/* clang-format off */
#define IBX_COLUMN_3(O) \
    O(0, 1)
#define IBX_SORT_3(O) \
    O(0, 2) O(0, 1) O(1, 2)
#define IBX_COLUMN_5(O) \
    O(0, 2) O(1, 3) O(0, 1) O(2, 3) O(1, 2)
#define IBX_SORT_5(O) \
    O(0, 4) O(0, 2) O(1, 3) O(2, 4) O(0, 1) O(2, 3) O(1, 4) O(1, 2) O(3, 4)
#define IBX_COLUMN_7(O) \
    O(0, 4) O(1, 5) O(0, 2) O(1, 3) O(2, 4) O(3, 5) O(0, 1) O(2, 3) O(4, 5) O(1, 4) O(1, 2) \
    O(3, 4)
#define IBX_SORT_7(O) \
    O(0, 4) O(1, 5) O(2, 6) O(0, 2) O(1, 3) O(4, 6) O(2, 4) O(3, 5) O(0, 1) O(2, 3) O(4, 5) \
    O(1, 4) O(3, 6) O(1, 2) O(3, 4) O(5, 6)
#define IBX_GROUP_3(O) \
    O(0, 2) O(1, 3) O(1, 2)
#define IBX_GROUP_OUT_3(O) \
    O(0, 0) O(1, 1) O(2, 2) O(3, 3)
#define IBX_GROUP_5(O) \
    O(0, 4) O(2, 6) O(2, 4) O(1, 5) O(3, 7) O(3, 5) O(1, 2) O(3, 4) O(5, 6)
#define IBX_GROUP_OUT_5(O) \
    O(0, 0) O(1, 1) O(2, 2) O(3, 3) O(4, 4) O(5, 5) O(6, 6) O(7, 7)
#define IBX_GROUP_7(O) \
    O(0, 6) O(4, 10) O(4, 6) O(2, 8) O(2, 4) O(8, 6) O(1, 7) O(5, 11) O(5, 7) O(3, 9) O(3, 5) \
    O(9, 7) O(1, 2) O(3, 4) O(5, 8) O(9, 6) O(7, 10) O(0, 12) O(6, 12) O(4, 16) O(4, 6) \
    O(16, 12) O(2, 14) O(10, 14) O(8, 10) O(2, 4) O(8, 6) O(10, 16) O(14, 12) O(1, 13) O(7, 13) \
    O(5, 17) O(5, 7) O(17, 13) O(3, 15) O(11, 15) O(9, 11) O(3, 5) O(9, 7) O(11, 17) O(15, 13) \
    O(1, 2) O(3, 4) O(5, 8) O(9, 6) O(7, 10) O(11, 16) O(17, 14) O(15, 12)
#define IBX_GROUP_OUT_7(O) \
    O(0, 0) O(1, 1) O(2, 2) O(3, 3) O(4, 4) O(5, 5) O(6, 8) O(7, 9) O(8, 6) O(9, 7) O(10, 10) \
    O(11, 11) O(12, 16) O(13, 17) O(14, 14) O(15, 15) O(16, 12) O(17, 13)
#define IBX_CORE_3(O) \
    O(0, 4) O(2, 4) O(1, 5) O(3, 5) O(1, 2) O(3, 4)
#define IBX_CORE_OUT_3(O) \
    O(0, 1) O(1, 2) O(2, 3) O(3, 4)
#define IBX_CORE_5(O) \
    O(0, 8) O(4, 12) O(4, 8) O(2, 10) O(6, 14) O(6, 10) O(2, 4) O(6, 8) O(10, 12) O(1, 9) \
    O(5, 13) O(5, 9) O(3, 11) O(7, 15) O(7, 11) O(3, 5) O(7, 9) O(11, 13) O(3, 4) O(5, 6) \
    O(7, 8) O(9, 10) O(11, 12) O(3, 16) O(11, 16) O(7, 11) O(5, 18) O(9, 18) O(5, 7) O(9, 11) \
    O(18, 16) O(4, 17) O(12, 17) O(8, 12) O(6, 19) O(10, 19) O(6, 8) O(10, 12) O(6, 7) O(8, 9) \
    O(10, 11) O(12, 18)
#define IBX_CORE_OUT_5(O) \
    O(0, 7) O(1, 8) O(2, 9) O(3, 10) O(4, 11) O(5, 12)
#define IBX_CORE_7(O) \
    O(0, 18) O(16, 34) O(16, 18) O(8, 26) O(8, 16) O(26, 18) O(4, 22) O(12, 30) O(12, 22) \
    O(12, 16) O(22, 26) O(2, 20) O(10, 28) O(10, 20) O(6, 24) O(14, 32) O(14, 24) O(6, 10) \
    O(14, 20) O(24, 28) O(10, 12) O(14, 16) O(20, 22) O(24, 26) O(1, 19) O(17, 35) O(17, 19) \
    O(9, 27) O(9, 17) O(27, 19) O(5, 23) O(13, 31) O(13, 23) O(13, 17) O(23, 27) O(3, 21) \
    O(11, 29) O(11, 21) O(7, 25) O(15, 33) O(15, 25) O(7, 11) O(15, 21) O(25, 29) O(11, 13) \
    O(15, 17) O(21, 23) O(25, 27) O(11, 12) O(13, 14) O(15, 16) O(17, 20) O(21, 22) O(23, 24) \
    O(25, 26) O(11, 36) O(21, 36) O(15, 40) O(25, 40) O(15, 21) O(25, 36) O(13, 38) O(23, 38) \
    O(17, 23) O(17, 21) O(23, 25) O(38, 36) O(12, 37) O(22, 37) O(16, 41) O(26, 41) O(16, 22) \
    O(26, 37) O(14, 39) O(24, 39) O(20, 24) O(14, 16) O(20, 22) O(24, 26) O(16, 17) O(20, 21) \
    O(22, 23) O(24, 25) O(26, 38)
#define IBX_CORE_OUT_7(O) \
    O(0, 17) O(1, 20) O(2, 21) O(3, 22) O(4, 23) O(5, 24) O(6, 25) O(7, 26)
/* clang-format on */

#endif
