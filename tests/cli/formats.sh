#!/bin/sh
# Every file of the corpus becomes the picture that another decoder sees, or has a clear error.
set -eu
. "$SOURCE/tests/support/corpus.sh"
corpus formats
