/**
 * The stable key by which two reports are "the same trouble".
 *
 *   <kind> <innermost function>@<file> #<hash>
 *
 * The hash is made of the kind of the verdict, for crashes the name of the error, and the functions and file names of up to six
 * frames of the program itself, innermost first. Not in it: lines and columns (an edit above would change them),
 * directories (a new release lies elsewhere), hashes in bundle names, recursion depth, values, frames of Node and of
 * installed packages. Without any such frame the system call's name stands for the place; for errors, what they and the errors in
 * them say, less numbers, quotations and ids: else all that come without a place would be the same trouble. Pure.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Capture, ErrorRecord, Frame, Verdict } from '../report/schema.ts';
import { rejectedWord } from '../report/rejection.ts';
import { isAppFrame } from './scene.ts';
import { functionOf } from './words.ts';

const maxFrames = 6;
/** Errors inside errors that tell one from another. */
const maxErrors = 16;
const maxMessageChars = 500;
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
  const { error } = capture;
  const parts = [verdict.kind, ...(error ? [error.name] : []), ...places];
  if (error && places.length === 0) {
    parts.push(...templatesOf(error));
    places.push(error.name);
  }
  const hash = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, hashDigits);
  const top = places[0] === undefined ? '' : ` ${readable(places[0])}`;
  return `${verdict.kind}${top} #${hash}`;
}

/** What an error and those in it say, as far as it stays the same from one time to the next. */
function templatesOf(error: ErrorRecord): string[] {
  const errors = [error];
  // Grows as it is walked.
  for (const { errors: inner = [], cause } of errors) {
    const next = [...inner, ...(cause === undefined ? [] : [cause])];
    errors.push(...next.slice(0, maxErrors - errors.length));
  }
  // Of many errors for one reason (`Promise.any()`) the number says nothing.
  return [...new Set(errors.map((one) => `${one.name}: ${wordsOf(one)}`))];
}

function wordsOf(error: ErrorRecord): string {
  const word = rejectedWord(error);
  if (word === null) return templateOf(error.message);
  // Of an object Node says no more than that it is one.
  const reason = error.properties.find(({ name }) => name === 'reason')?.value;
  const members = reason?.properties?.map(({ name }) => templateOf(name)) ?? [];
  return [templateOf(word), ...members].join(' ');
}

/** Quoted names stay: `reading 'price'` and `reading 'name'` are two troubles. */
function templateOf(message: string): string {
  return message
    .slice(0, maxMessageChars)
    .replace(/(["'`])(?![\w$.#<>-]*\1)[^"'`]*\1/g, '"…"')
    .replace(/[\w-]*\d[\w-]*/g, '#');
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
