/** Functions that are written to wait until the process ends, by their source. Pure. */
import type { Task } from '../report/schema.ts';
import { hasObject } from './waits.ts';

/** A promise whose executor keeps neither of its functions, and does nothing. */
const endless =
  /^await\s+new\s+Promise\s*(?:<[^<>]*>\s*)?\(\s*(?:async\s+)?(?:function\s*\([\w$\s,:]*\)|(?:\([\w$\s,:]*\)|[\w$]+)\s*=>)\s*(?:\{\s*\}|undefined)\s*,?\s*\)/;
const comments = /\/\*[^]*?\*\/|\/\/.*$/gm;

/** What is waited for there is somebody's work: classes of Node's http and of frameworks. */
const request = /(?:Request|Response|IncomingMessage)\b/;

/**
 * True for a function that is parked on purpose: at `await new Promise(() => {})`, one of its kind, and neither it nor those that wait for it have
 * a request. A promise that was to be settled has an executor that hands its functions to somebody, even if they are lost there.
 * @param dependents those that wait for it
 */
export function isParked(task: Task, dependents: readonly Task[], all: readonly Task[]): boolean {
  const alike = all.filter(
    ({ file, line, column }) => file === task.file && line === task.line && column === task.column,
  );
  return (
    isEndless(task) &&
    (task.count ?? 1) === 1 &&
    alike.length <= 1 &&
    ![task, ...dependents].some((one) => hasObject(one, request))
  );
}

/** What is written there never ends. */
export function isEndless({ original, source, column = 0 }: Task): boolean {
  const excerpt = original?.source ?? source;
  if (excerpt === undefined) return false;
  // V8's position of a suspended function is where its `await` begins.
  const at = (excerpt.column ?? original?.column ?? column) - 1;
  const { line, after } = excerpt;
  const begin = line.startsWith('await', at) ? at : line.indexOf('await');
  return begin >= 0 && endless.test([line.slice(begin), ...after].join('\n').replace(comments, ''));
}
