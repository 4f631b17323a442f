/** What keeps an event loop from ending: handles and timers that are referenced, by the code of the program that has them. Pure. */
import type { Capture, Handle, Listener, Neighbour, Timer } from '../report/schema.ts';
import { childBehind, commandOf, formatDuration, nameFrame } from './words.ts';

/** One thing, or several of a kind. */
export interface Keeper {
  /** `a server at [::]:8080`, `12 connections` */
  readonly words: string;
  /** What it is about: `ClientRequest {GET http://…}` */
  readonly about?: string;
  /** The same with the function that hears of it, by its place. */
  readonly detail: string;
}

/** HTTP messages named of many connections. */
const maxMessages = 3;
/** Events that say most of what something is there for. */
const telling = ['request', 'connection', 'message', 'exit', 'close', 'change', 'data', 'line'];

/** Servers first, then children, connections, everything else, timers. @param tid of the thread whose loop it is */
export function findKeepers(capture: Capture, tid: number): Keeper[] {
  const isOfLoop = (one: { readonly tid?: number; readonly ref?: boolean }): boolean =>
    (one.tid ?? tid) === tid && one.ref !== false;
  const handles = capture.handles.filter(
    (one) => isOfLoop(one) && one.active !== false && one.internal !== true && one.type !== 'timer',
  );
  const servers = handles.filter(({ state }) => state === 'listening');
  const children = handles.filter(({ type }) => type === 'process');
  // The pipes to a child are told with it.
  const connections = handles.filter(
    (one) => one.peer !== undefined && one.childStream === undefined && !servers.includes(one),
  );
  const others = handles.filter(
    (one) =>
      ![servers, children, connections].some((known) => known.includes(one)) &&
      !children.some(({ pid }) => pid === one.childStream?.pid),
  );
  const [connection] = connections;
  return [
    ...servers.map((one) =>
      keeperOf(`a server at ${one.address ?? one.path ?? '?'}`, one, capture),
    ),
    ...children.map((one) => keeperOf(childWords(one, capture), one, capture)),
    ...(connections.length === 1 && connection !== undefined
      ? [keeperOf(`a connection to ${connection.peer ?? '?'}`, connection, capture)]
      : []),
    ...(connections.length > 1 ? [manyConnections(connections)] : []),
    ...others.map((one) => keeperOf(otherWords(one, capture), one, capture)),
    ...capture.timers.filter(isOfLoop).map((one) => timerKeeper(one, capture)),
  ];
}

function keeperOf(words: string, handle: Handle, capture: Capture): Keeper {
  const { listeners = [] } = handle;
  const rank = ({ event }: Listener): number =>
    telling.includes(event) ? telling.indexOf(event) : telling.length;
  const [first] = [...listeners].sort((a, b) => rank(a) - rank(b));
  return keeper(words, aboutOf(handle), first && `${first.event} → ${nameFrame(first, capture)}`);
}

/** As timers tell it. Requests that this process is to answer are told by themselves. */
function aboutOf({ http, about }: Handle): string | undefined {
  return http?.kind === 'client' ? `ClientRequest {${http.method} ${http.url}}` : about;
}

function keeper(words: string, about: string | undefined, heard: string | undefined): Keeper {
  const what = about === undefined ? words : `${words} for ${about}`;
  return {
    words,
    ...(about !== undefined && { about }),
    detail: heard === undefined ? what : `${what}, ${heard}`,
  };
}

/** `12 connections, for ClientRequest {GET http://…}, …` */
function manyConnections(connections: readonly Handle[]): Keeper {
  const words = `${connections.length} connections`;
  const told = [...new Set(connections.flatMap((one) => aboutOf(one) ?? []))].slice(0, maxMessages);
  return told.length === 0 ? plain(words) : { words, detail: `${words}, for ${told.join(', ')}` };
}

const plain = (words: string): Keeper => ({ words, detail: words });

const standardStreams = ['stdin', 'stdout', 'stderr'];

/** `child 4711 (sort, waits for more on its stdin)`, `child 17 (sh -c build && serve), which waits for 18 (node build.mjs)` */
function childWords({ pid }: Handle, capture: Capture): string {
  const child = capture.neighbours?.find((one) => one.relation === 'child' && one.pid === pid);
  if (child === undefined) return `child ${pid ?? '?'}`;
  const told = [commandOf(child, capture.process.cwd), ...childWaits(child, capture)].join(', ');
  const behind = childBehind(child, capture);
  return `child ${child.pid} (${told})${
    behind === undefined
      ? ''
      : `, which waits for ${behind.pid} (${commandOf(behind, capture.process.cwd)})`
  }`;
}

/** Of a child that reads or writes a standard stream whose other end this process has. */
function childWaits({ pid, syscall = '' }: Neighbour, { handles }: Capture): string[] {
  const [, call = '', fd = ''] = /^(\w+)\(fd ([012])\b/.exec(syscall) ?? [];
  const name = standardStreams[Number(fd)] ?? '';
  const ours = handles.find(
    ({ childStream }) => childStream?.pid === pid && childStream.name === name,
  );
  if (fd === '' || ours === undefined) return [];
  if (name === 'stdin') return call === 'read' ? ['waits for more on its stdin'] : [];
  // A pipe that is not active is not read from.
  const isBlocked = /^(?:write|send)/.test(call) && ours.active === false;
  return isBlocked ? [`blocked: its ${name} is not read`] : [];
}

function otherWords({ type, fd, owner, path, file, signal }: Handle, capture: Capture): string {
  if (fd === 0) return 'standard input';
  // A Worker uses a handle of Node's own for this, which nobody owns.
  if (type === 'async' && owner === undefined)
    return capture.threads.some(({ kind }) => kind === 'worker') ? 'a Worker' : 'an addon';
  const name = owner ?? type;
  const what = signal ?? path ?? file;
  return `${/^[AEIOU]|^FS/i.test(name) ? 'an' : 'a'} ${name}${what === undefined ? '' : ` (${what})`}`;
}

function timerKeeper(timer: Timer, capture: Capture): Keeper {
  const { kind, count, delayMs, repeat, function: name, file, about } = timer;
  const delay = kind === 'immediate' ? '' : ` of ${formatDuration(delayMs).replace('.0 s', ' s')}`;
  const one = kind === 'immediate' ? 'an immediate' : repeat ? 'an interval' : 'a timer';
  const words = count === 1 ? `${one}${delay}` : `${count} ${one.replace(/^an? /, '')}s${delay}`;
  const isTold = file !== undefined || name !== '';
  return keeper(words, about, isTold ? nameFrame(timer, capture) : undefined);
}
