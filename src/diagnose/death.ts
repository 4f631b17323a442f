/** A capture of a process that dies, looked at the way the rules about that need it. Pure. */
import { isMachineFrame } from '../report/machine-frame.ts';
import type { Capture, ErrorRecord, Frame, Thread, Verdict } from '../report/schema.ts';
import { rejectedWord } from '../report/rejection.ts';
import { isAppFrame } from './scene.ts';
import type { Scene } from './scene.ts';
import { describeFrame, functionOf, listVariables, nameFrame } from './words.ts';

/** The thread that dies, or kills the process. */
export interface Death {
  readonly thread: Thread;
  /** Innermost frame of the program itself. */
  readonly app: Frame | null;
  /** Innermost frame of machine code that is not the C library's or the kernel's. */
  readonly machine: Frame | null;
}

/** Frames above these carry no blame: they only raise the signal. */
const raising = /^(lib(c|pthread)[-.]|\[vdso\])/;
const maxCauses = 5;

/** Whoever died; the main thread when the report does not tell. */
export function lookAtDeath(scene: Scene): Death {
  const { capture, main } = scene;
  const thread = capture.threads.find(({ tid }) => tid === capture.trigger.tid) ?? main;
  const firstScript = thread.frames.findIndex((frame) => !isMachineFrame(frame));
  const machine = firstScript < 0 ? thread.frames : thread.frames.slice(0, firstScript);
  return {
    thread,
    app: thread.frames.find(isAppFrame) ?? null,
    machine: machine.find(({ file }) => !raising.test(file ?? '')) ?? machine[0] ?? null,
  };
}

/** `in Worker 2`, or nothing for the main thread. */
export function nameThread(thread: Thread): string {
  if (thread.kind === 'main') return '';
  return thread.kind === 'worker'
    ? ` in Worker ${thread.workerId ?? thread.tid}`
    : ` in ${thread.name === 'libuv pool' ? 'a thread of the libuv pool' : 'a native thread'}`;
}

/** ` in pay at orders.js:42`, with what the program was doing; empty when none of its frames is known. */
export function nameApp({ app }: Death, capture: Capture): string {
  return app === null ? '' : ` in ${nameFrame(app, capture)}`;
}

/** The innermost frames of the program, with their values. */
export function stackEvidence({ thread, app }: Death, capture: Capture): { text: string }[] {
  const facts: { text: string }[] = [];
  if (app === null) return facts;
  const line = (app.original?.source ?? app.source)?.line.trim();
  facts.push({
    text: `${describeFrame(app, capture)}${line === undefined ? '' : `: ${line}`}`,
  });
  const locals = listVariables(app.locals);
  if (locals !== '') facts.push({ text: `locals of ${functionOf(app)}: ${locals}` });
  const caller = thread.frames.filter(isAppFrame)[1];
  if (caller !== undefined) facts.push({ text: `called by ${describeFrame(caller, capture)}` });
  return facts;
}

/** What the main thread did while another one died. */
export function parentEvidence({ thread }: Death, scene: Scene): { text: string }[] {
  if (thread.kind === 'main') return [];
  const { main, appFrames, capture } = scene;
  const [app] = appFrames;
  const doing =
    app !== undefined
      ? `was in ${describeFrame(app, capture)}`
      : main.loop?.alive === true
        ? 'waited in its event loop'
        : `was in state ${main.state}${main.syscall === undefined ? '' : `, in ${main.syscall}`}`;
  return [{ text: `meanwhile the main thread ${doing}` }];
}

/** Causes, and the errors of an AggregateError. */
export function causeEvidence(error: ErrorRecord | undefined): { text: string }[] {
  const facts: { text: string }[] = [];
  let cause = error?.cause;
  for (let depth = 0; cause !== undefined && depth < maxCauses; depth++) {
    facts.push({ text: `caused by ${describeError(cause)}` });
    cause = cause.cause;
  }
  for (const inner of error?.errors?.slice(0, maxCauses) ?? []) {
    facts.push({ text: `one of its errors: ${describeError(inner)}` });
  }
  return facts;
}

const maxRejectedChars = 80;

/** What a promise was rejected with where that is no error, with its members where they are known; else null. */
export function describeRejected(error: ErrorRecord | undefined): string | null {
  const word = error === undefined ? null : rejectedWord(error);
  if (error === undefined || word === null) return null;
  const preview = error.properties.find(({ name }) => name === 'reason')?.value.preview ?? word;
  return firstLine(preview, maxRejectedChars);
}

/** `TypeError: order has no price`, on one line. */
export function describeError(error: ErrorRecord | undefined): string {
  if (error === undefined) return 'An error';
  const rejected = describeRejected(error);
  if (rejected !== null) return `${error.name} with ${rejected}, which is no error,`;
  // The sentence goes on behind it.
  const message = firstLine(error.message).replace(/(?<!\.)\.$/, '');
  return message === '' ? error.name : `${error.name}: ${message}`;
}

function firstLine(text: string, most = 200): string {
  const line = /^[^\r\n]*/.exec(text.trimStart())?.[0] ?? '';
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** What a rule concludes; the rest is the same for all of them. */
export interface Conclusion {
  readonly kind: Verdict['kind'];
  readonly summary: string;
  readonly evidence: Verdict['evidence'];
  readonly advice: string;
}

/** A verdict about the thread that died: certain, since the process itself said how. */
export function deathVerdict({ thread }: Death, conclusion: Conclusion): Verdict {
  return { ...conclusion, confidence: 'certain', thread: thread.tid };
}
