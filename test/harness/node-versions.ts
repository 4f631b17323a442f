/** The Node.js binaries whose processes the tests look at. The tests themselves run on one Node. */
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.ts';

export const nodeNames = ['18', '20', '22', '24', '26'] as const;
/** A release line; test/matrix/package.json pins its patch version. */
export type NodeName = (typeof nodeNames)[number];
/** A version in between, for whose V8 no rows were made. */
export const unknownNode = '23';
/** The lines of which stack and values are read in full. */
export const supportedNodes = ['20', '24'] as const satisfies readonly NodeName[];

/** @throws Error naming the command to run when the matrix is not installed */
export function nodeBinary(name: NodeName | typeof unknownNode): string {
  const binary = path.join(root, 'test/matrix/node_modules', `node-${name}`, 'bin/node');
  if (!fs.existsSync(binary)) {
    throw new Error(`Node.js ${name} is not installed: run \`node test/setup.mjs --with-tests\``);
  }
  return binary;
}
