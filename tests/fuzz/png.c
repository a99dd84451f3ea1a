/* png - fuzzes the PNG reader; see decode.h. With clang: -fsanitize=fuzzer,address,undefined;
 * without, replay.c runs the corpus. */
#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_decode(&ibx_codec_png, data, size);
    return 0;
}
