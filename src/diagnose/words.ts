/** Sentences about frames, durations and places, in the words of the program's author. Pure. */
import type { Capture, Frame, Variable } from '../report/schema.ts';

/** Characters of one value inside a sentence; the stack below shows more. */
const maxValueChars = 60;
/** Variables listed in one sentence. */
const maxVariables = 6;

/** A duration for people: `350 ms`, `6.2 s`, `4 min 10 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Where a frame is: `orders.js:42`, relative to the program's working directory where it lies below it. */
export function placeOf(frame: Frame, capture: Capture): string | null {
  if (frame.file === undefined) return null;
  const path = frame.file.replace(/^file:\/\//, '');
  const cwd = capture.process.cwd;
  const below = cwd !== undefined && cwd !== '/' && path.startsWith(`${cwd}/`);
  const shown = below ? path.slice(cwd.length + 1) : path;
  return frame.line === undefined ? shown : `${shown}:${frame.line}`;
}

/** `priceOf at orders.js:42`. */
export function nameFrame(frame: Frame, capture: Capture): string {
  const place = placeOf(frame, capture);
  return place === null ? frame.function : `${frame.function} at ${place}`;
}

/** `priceOf(order = {id: 'A-17'}, attempt = 3) at orders.js:42`. */
export function describeFrame(frame: Frame, capture: Capture): string {
  const place = placeOf(frame, capture);
  const call =
    frame.arguments.length === 0
      ? frame.function
      : `${frame.function}(${listVariables(frame.arguments)})`;
  return place === null ? call : `${call} at ${place}`;
}

/** `total = 12, label = 'x'`; what is not known is left out of sentences. Empty when nothing is known. */
export function listVariables(variables: readonly Variable[]): string {
  const shown = variables.filter(({ value }) => value.reason === undefined);
  const parts = shown
    .slice(0, maxVariables)
    .map(({ name, value }) => `${name} = ${clip(value.preview)}`);
  if (shown.length > maxVariables) parts.push('…');
  return parts.join(', ');
}

function clip(text: string): string {
  return text.length <= maxValueChars ? text : `${text.slice(0, maxValueChars - 1)}…`;
}
