/** The frames of an error, from the text of its `stack`. Format: V8's stack trace API, https://v8.dev/docs/stack-trace-api */
import { limits } from '../limits.ts';
import type { Frame } from '../report/schema.ts';

const callSite = /^\s{2,8}at (?:(.+?) \((.*)\)|(.+))$/;
const position = /^(.+?):(\d+):(\d+)$/;

/** Parses the lines `at function (file:line:column)` of a stack; lines of other forms (the message) are passed over. */
export function parseErrorFrames(stack: string): Frame[] {
  const frames: Frame[] = [];
  for (const line of stack.split('\n')) {
    const match = callSite.exec(line);
    if (match === null) continue;
    frames.push(frameOf(match[1], match[2] ?? match[3] ?? ''));
    if (frames.length >= limits.maxFrames) break;
  }
  return frames;
}

function frameOf(called: string | undefined, place: string): Frame {
  // `async` stands before functions that were resumed, and before places without a function.
  const name = (called ?? '').replace(/^async /, '');
  // In code made by eval the outer position stands first: `eval at f (/a.js:1:2), <anonymous>:1:1`.
  const at = position.exec(place.replace(/^async /, '').replace(/^eval at .*\), /, ''));
  const frame: Frame = {
    function: name === '' ? '(anonymous)' : name,
    kind: at === null ? 'builtin' : 'js',
    arguments: [],
    locals: [],
  };
  if (at?.[1] !== undefined) {
    frame.file = at[1];
    frame.line = Number(at[2]);
    frame.column = Number(at[3]);
  }
  return frame;
}
