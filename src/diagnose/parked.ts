/** Functions that are written to wait until the process ends, by their source. Pure. */
import type { Task } from '../report/schema.ts';

/** A promise whose executor keeps neither of its functions, and does nothing. */
const endless =
  /^await\s+new\s+Promise\s*(?:<[^<>]*>\s*)?\(\s*(?:async\s+)?(?:function\s*\([\w$\s,:]*\)|(?:\([\w$\s,:]*\)|[\w$]+)\s*=>)\s*(?:\{\s*\}|undefined)\s*,?\s*\)/;
const comments = /\/\*[^]*?\*\/|\/\/.*$/gm;

/**
 * True at `await new Promise(() => {})`, by which programs keep a function from returning. A promise that was to be settled has an executor
 * that hands its functions to somebody, even if they are lost there.
 */
export function isParked({ original, source, column = 0 }: Task): boolean {
  const excerpt = original?.source ?? source;
  if (excerpt === undefined) return false;
  // V8's position of a suspended function is where its `await` begins.
  const at = (excerpt.column ?? original?.column ?? column) - 1;
  const { line, after } = excerpt;
  const begin = line.startsWith('await', at) ? at : line.indexOf('await');
  return begin >= 0 && endless.test([line.slice(begin), ...after].join('\n').replace(comments, ''));
}
