/** The names of V8's builtins that are kept for stripped binaries, against the symbols of those that are not stripped. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { builtinNamesOf, bytecodeSizesOf } from '#dist/reader/layout/builtin-names.js';
import { type KnownV8Version, knownV8Versions } from '#dist/reader/layout/constants.js';
import { findEmbeddedBuiltins, holdsConstant } from '#dist/reader/layout/embedded-blob.js';
import { readNodeBinary } from '#dist/reader/layout/node-binary.js';
import { ElfFile } from '#dist/reader/memory/elf.js';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';

const file = path.join(root, 'src/reader/layout/builtin-names.ts');
const versions = Object.keys(knownV8Versions) as KnownV8Version[];

function binaryOf(version: KnownV8Version) {
  return nodeBinary(knownV8Versions[version].replace('Node ', '') as NodeName);
}

/** SLEEPER_TEST_UPDATE=1 writes the table anew: a step of adding a version. */
if (process.env['SLEEPER_TEST_UPDATE'] === '1') {
  const lists = versions.map((version) =>
    readNodeBinary(binaryOf(version)).builtins.map(({ name }) => name),
  );
  const rows = versions.map(
    (version, i) => `  '${version}': \`\n${wrap(encode(lists[i] ?? [], lists[i + 1] ?? []))}\`,\n`,
  );
  const sizes = versions
    .map((version) => ({ version, bytes: readNodeBinary(binaryOf(version)).bytecodeSizes }))
    .map(({ version, bytes }) => `  '${version}':\n    '${bytes.toString('base64')}',\n`);
  const text = fs
    .readFileSync(file, 'utf8')
    .replace(
      /(const names[^]*?= \{\n)[^]*?(\n?\};)/,
      (_, head: string) => `${head}${rows.join('')}};`,
    )
    .replace(
      /(const sizes[^]*?= \{\n)[^]*?(\n?\};)/,
      (_, head: string) => `${head}${sizes.join('')}};`,
    );
  fs.writeFileSync(file, text);
}

/** Runs of the newer version's list as `start+length`, other names as they are. */
function encode(list: readonly string[], newer: readonly string[]): string[] {
  const tokens: string[] = [];
  for (let i = 0; i < list.length;) {
    const start = newer.indexOf(list[i] ?? '');
    let length = 0;
    while (start >= 0 && i + length < list.length && newer[start + length] === list[i + length])
      length++;
    tokens.push(length > 1 ? `${start}+${length}` : (list[i] ?? ''));
    i += Math.max(length, 1);
  }
  return tokens;
}

function wrap(tokens: readonly string[]): string {
  const lines: string[] = [''];
  for (const token of tokens) {
    const line = lines.at(-1) ?? '';
    if (line.length + token.length < 120)
      lines[lines.length - 1] = line === '' ? token : `${line} ${token}`;
    else lines.push(token);
  }
  return lines.join('\n');
}

for (const version of versions)
  test(`V8 ${version}: the builtins found without symbols are those that the symbols name`, () => {
    const binary = readNodeBinary(binaryOf(version));
    assert.deepEqual(
      builtinNamesOf(version),
      binary.builtins.map(({ name }) => name),
    );
    const elf = new ElfFile(binaryOf(version));
    try {
      assert.deepEqual(findEmbeddedBuiltins(elf, version), binary.builtins);
      const sizes = bytecodeSizesOf(version);
      assert.deepEqual(sizes, binary.bytecodeSizes);
      assert.ok(holdsConstant(elf, sizes));
      const other = versions[(versions.indexOf(version) + 1) % versions.length] ?? version;
      assert.equal(findEmbeddedBuiltins(elf, other), null, `not those of ${other}`);
    } finally {
      elf.close();
    }
  });
