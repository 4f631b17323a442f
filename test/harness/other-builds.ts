/** Node.js as others build it: stripped, and split into a program and libnode.so. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { nodeBinary, type NodeName } from './node-versions.ts';
import { root } from './paths.ts';
import { makeDirectory, type Owner } from './spawn-target.ts';

/** A copy of a node binary without any symbols but those it exports. */
export function stripNode(owner: Owner, node: NodeName): string {
  const stripped = path.join(makeDirectory(owner, 'stripped'), 'node');
  execFileSync('strip', ['-o', stripped, nodeBinary(node)]);
  return stripped;
}

const debianRoot = path.join(root, 'test/matrix/node_modules/.debian');

/**
 * What starts Debian's Node.js. Its libraries are where set-up unpacked them; some of its modules are read from
 * /usr/share/nodejs, so it gets a mount namespace in which they are there.
 */
export function debianNode(): readonly [string, ...string[]] {
  const share = path.join(debianRoot, 'usr/share');
  assert.ok(fs.existsSync(share), 'unpacked by `node test/setup.mjs --with-tests`');
  const libraries = path.join(debianRoot, 'usr/lib/x86_64-linux-gnu');
  const script = [
    `mount -t overlay overlay -o 'lowerdir=${share}:/usr/share' /usr/share`,
    `exec env 'LD_LIBRARY_PATH=${libraries}' '${path.join(debianRoot, 'usr/bin/node')}' "$@"`,
  ].join(' && ');
  const isRoot = process.getuid?.() === 0;
  return ['unshare', isRoot ? '--mount' : '-rm', 'sh', '-c', script, 'sh'];
}
