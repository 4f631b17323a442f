/**
 * The stable key by which two reports are "the same trouble".
 *
 *   <kind> <innermost function>@<file> #<hash>
 *
 * The hash is made of the kind of the verdict, for crashes the name of the error, and the functions and file names of up to six
 * frames of the program itself, innermost first. Not in it: lines and columns (an edit above would change them),
 * directories (a new release lies elsewhere), hashes in bundle names, recursion depth, values, frames of Node and of
 * installed packages. Without any such frame the system call's name stands for the place. Pure.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Capture, Frame, Verdict } from '../report/schema.ts';
import { isAppFrame } from './scene.ts';
import { functionOf } from './words.ts';

const maxFrames = 6;
const hashDigits = 10;
/** Characters of function and file names in the readable part; the hash covers the whole. */
const maxNameChars = 40;

/** The key of a judged capture. At most about 120 readable characters and a hash. */
export function signatureOf(capture: Capture, verdict: Verdict): string {
  const thread = capture.threads.find(({ tid }) => tid === verdict.thread);
  const frames = (thread?.frames ?? []).filter(isAppFrame).map(nameOf);
  const places = frames.filter((name, index) => name !== frames[index - 1]).slice(0, maxFrames);
  if (places.length === 0 && thread?.syscall !== undefined) {
    places.push(/^[^(]*/.exec(thread.syscall)?.[0] ?? '');
  }
  const parts = [verdict.kind, ...(capture.error ? [capture.error.name] : []), ...places];
  const hash = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, hashDigits);
  const top = places[0] === undefined ? '' : ` ${readable(places[0])}`;
  return `${verdict.kind}${top} #${hash}`;
}

function nameOf(frame: Frame): string {
  // Minified names are others in each build.
  const file = path
    .basename(frame.original?.file ?? frame.file ?? '')
    .replace(/([.-])[0-9a-f]{8,}(?=[.-])/gi, '$1*');
  return `${functionOf(frame)}@${file}`;
}

function readable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '_').slice(0, 2 * maxNameChars);
}
