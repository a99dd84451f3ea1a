#!/bin/sh
# completion.sh - the completion scripts, asked in their shells as far as these are installed.
. "$SOURCE/tests/support/cli.sh"
"$IMBREX" completion bash >bash.sh || fail "completion bash"
cat >ask.bash <<'BASH'
source ./bash.sh
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _imbrex 2>/dev/null; echo "${COMPREPLY[*]}"; }
ask imbrex r
ask imbrex run inv
ask imbrex run invert --if-exists ov
ask imbrex run invert --keep
ask imbrex completion z
ask imbrex filters inv
ask imbrex run invert in -o "wi"
ask imbrex run invert "wi"
ask imbrex run invert --quality ""
BASH
mkdir -p "with blank" && : >"with blank.png"
if command -v bash >/dev/null; then
    bash ask.bash >answers 2>"$err" || fail "bash: $(cat "$err")"
    cat >want <<'WANT'
run
invert
overwrite
--keep-mtime
zsh
invert
with blank
with blank with blank.png

WANT
    sed -n 8p answers | tr ' ' '\n' | sort | tr '\n' ' ' >line8
    sed -i '8s/.*/with blank with blank.png/' answers
    [ "$(cat line8)" = "blank blank.png with with " ] || fail "file names: $(cat line8)"
    cmp -s want answers || fail "bash completes: $(diff want answers)"
fi
"$IMBREX" completion zsh >_imbrex || fail "completion zsh"
"$IMBREX" completion fish >imbrex.fish || fail "completion fish"
if command -v zsh >/dev/null; then
    zsh -n _imbrex || fail "zsh cannot read its script"
fi
if command -v fish >/dev/null; then
    fish --no-execute imbrex.fish || fail "fish cannot read its script"
    fish -c 'source imbrex.fish; complete -C "imbrex run invert --if-exists ov"' | grep -q overwrite ||
        fail "fish does not complete"
fi
finish
