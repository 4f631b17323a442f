/** The module of programs/wasm.cjs. */
import { createRequire } from 'node:module';
import { program } from './reading.ts';

export const { bytes } = createRequire(import.meta.url)(program('wasm-module.cjs')) as {
  readonly bytes: Uint8Array;
};
