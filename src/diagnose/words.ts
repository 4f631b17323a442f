/** Sentences about frames, durations and places, in the words of the program's author. Pure. */
import { lineWords } from '../report/excerpt.ts';
import { shortenPaths } from '../report/short-paths.ts';
import { shortArguments } from '../report/subject.ts';
import { isAppFrame } from './scene.ts';
import type {
  Capture,
  Excerpt,
  Frame,
  Neighbour,
  Original,
  Task,
  Variable,
} from '../report/schema.ts';

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

/** Part of a frame, a task or a timer. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly source?: Excerpt;
  /** Before compilation. */
  readonly original?: Original;
}

/**
 * Where a frame is in the program as it was written: `orders.ts:42`, relative to its working directory where it lies below it;
 * `bundle.js:2:81234` where the line is a long one.
 */
export function placeOf(place: Place, capture: Capture): string | null {
  const frame = place.original ?? place;
  if (frame.file === undefined) return null;
  const path = frame.file.replace(/^file:\/\//, '');
  const cwd = capture.process.cwd;
  const below = cwd !== undefined && cwd !== '/' && path.startsWith(`${cwd}/`);
  const shown = below ? path.slice(cwd.length + 1) : path;
  return shown + lineWords(frame);
}

/** Its name before compilation, where that is known. */
export function functionOf({ function: name, original }: Place & { function: string }): string {
  return original?.function ?? name;
}

/** `priceOf at orders.js:42`. */
export function nameFrame(frame: Place & { function: string }, capture: Capture): string {
  const place = placeOf(frame, capture);
  const name = functionOf(frame);
  return place === null ? name : `${name} at ${place}`;
}

/** `priceOf(order = {id: 'A-17'}, attempt = 3) at orders.js:42`. */
export function describeFrame(frame: Frame, capture: Capture): string {
  const place = placeOf(frame, capture);
  const call =
    frame.arguments.length === 0
      ? functionOf(frame)
      : `${functionOf(frame)}(${listVariables(frame.arguments)})`;
  return place === null ? call : `${call} at ${place}`;
}

/** `total = 12, label = 'x'`; what is not known is left out of sentences. Empty when nothing is known. */
export function listVariables(variables: readonly Variable[]): string {
  const shown = variables.filter(({ value }) => value.reason === undefined);
  const parts = shown
    .slice(0, maxVariables)
    .map(({ name, original = name, value }) => `${original} = ${clip(value.preview)}`);
  if (shown.length > maxVariables) parts.push('…');
  return parts.join(', ');
}

function clip(text: string): string {
  return text.length <= maxValueChars ? text : `${text.slice(0, maxValueChars - 1)}…`;
}

/** `, called by priceOf at orders.js:42`; empty when nobody is known. */
export function calledBy(frame: Frame | undefined, capture: Capture): string {
  return frame === undefined ? '' : `, called by ${nameFrame(frame, capture)}`;
}

/** `reserve(cart = {…}) at cart.js:42` of a suspended async function; of those that are not the program's own without what fills a page. */
export function describeTask(task: Task, capture: Capture): string {
  const place = placeOf(task, capture);
  const values = listVariables(
    isAppFrame({ ...task, kind: 'js' })
      ? [...task.arguments, ...task.locals]
      : shortArguments(task),
  );
  const call = values === '' ? functionOf(task) : `${functionOf(task)}(${values})`;
  return place === null ? call : `${call} at ${place}`;
}

/** `task 7, reserve(cart = {…}) at cart.js:42 (12 alike)`. */
export function identifyTask(task: Task, capture: Capture): string {
  const { id, count = 1 } = task;
  return `task ${id}, ${describeTask(task, capture)}${count > 1 ? ` (${count} alike)` : ''}`;
}

/** Sizes for people: `1.2 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ''}`;
}

/** `process 4243 (sleep 3600)`. */
export function nameProcess(process: Neighbour): string {
  return `process ${process.pid} (${commandOf(process)})`;
}

/** A file that Node.js runs. */
const script = /\.[cm]?[jt]sx?$/;

/** `node build.mjs`: the program without its directory, paths below `cwd` relative; of a long command of Node.js its script. */
export function commandOf({ name, argv }: Neighbour, cwd?: string): string {
  const [program = name, ...words] = argv ?? [];
  const begin = program.replace(/^\/(?:\S*\/)?/, '');
  const told = words.map((word) => shortenPaths(word, cwd));
  const command = [begin, ...told].join(' ').trim();
  const file = told.findLast((word) => script.test(word));
  const isLong = command.length > maxValueChars && begin === 'node' && file !== undefined;
  return clip(isLong && file !== told[0] ? `${begin} … ${file}` : command);
}

/** By its command. */
export function isNode(process: Neighbour): boolean {
  return /^(?:node|nodejs)\b/.test(commandOf(process));
}

/** The process that a child waits for, if it does nothing but wait. */
export function childBehind({ pid }: Neighbour, { neighbours }: Capture): Neighbour | undefined {
  return neighbours?.find((one) => one.relation === 'child' && one.through === pid);
}

/** What another process does, to go on a sentence with: `is stopped`, `waits in read(fd 0)`. */
export function describeDoing({ state, loop, lastTurnAgoMs, syscall, wchan }: Neighbour): string {
  if (state === 'T') return 'is stopped';
  if (state === 't') return 'is held by a debugger';
  if (state === 'Z') return 'has ended and is not yet waited for';
  if (loop === 'stuck')
    return `does not turn its own event loop${lastTurnAgoMs === undefined ? '' : `, for ${formatDuration(lastTurnAgoMs)}`}`;
  if (loop === 'polling') return 'waits in its event loop';
  if (loop === 'turning') return 'turns its event loop';
  if (state === 'R') return 'is running';
  const where = syscall ?? wchan;
  return where === undefined ? `is in state ${state ?? 'unknown'}` : `waits in ${where}`;
}
