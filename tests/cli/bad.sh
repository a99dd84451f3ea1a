#!/bin/sh
# Broken and hostile files end within seconds, within memory, with a sentence, never by a signal.
set -eu
. "$SOURCE/tests/support/corpus.sh"
corpus bad
