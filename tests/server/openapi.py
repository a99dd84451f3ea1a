"""openapi - two public validators have nothing against the OpenAPI document.

They come from npm; without it, or where it reaches no registry, this cannot be run."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PACKAGES = ["@readme/openapi-parser@9.0.0", "@seriousme/openapi-schema-validator@2.11.0"]

SCRIPT = """
import { compileErrors, validate } from '@readme/openapi-parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { readFileSync } from 'node:fs';

const first = await validate('openapi.json');
if (!first.valid) console.log(compileErrors(first));
const validator = new Validator();
const second = await validator.validate(JSON.parse(readFileSync('openapi.json')));
if (!second.valid) console.log(second.errors);
process.exit(first.valid && second.valid && validator.version === '3.1' ? 0 : 1);
"""


def skip(why):
    print(why)
    sys.exit(77)


def valid(folder):
    """Do both accept openapi.json in that folder?"""
    return subprocess.run(["node", "validate.mjs"], cwd=folder, check=False).returncode == 0


def main():
    document = subprocess.run([pathlib.Path(os.environ["BUILD"], "test_server_documents"),
                               "--openapi"], check=True, stdout=subprocess.PIPE).stdout
    if not shutil.which("npm") or not shutil.which("node"):
        skip("there is no npm")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES],
                             cwd=folder, check=False, timeout=300)
        if got.returncode != 0:
            skip("npm cannot get the validators")
        (folder / "validate.mjs").write_text(SCRIPT)
        (folder / "openapi.json").write_bytes(document)
        if not valid(folder):
            sys.exit("the document is not valid")
        # They do look: a parameter that is nowhere is found.
        broken = document.replace(b"#/components/parameters/path", b"#/components/parameters/none")
        (folder / "openapi.json").write_bytes(broken)
        if broken == document or valid(folder):
            sys.exit("the validators accept a broken document")
    print("the document is valid")


main()
