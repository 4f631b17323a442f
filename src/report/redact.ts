/**
 * Takes secrets out of a capture before anybody else sees it: before the verdict cites it, before it is encoded.
 * Works by the name something is kept under and by the look of the value (secrets.cts). Pure: makes a copy.
 */
import type { Capture, ErrorRecord, Frame, Original, Task, Thread } from './schema.ts';
import { redactSource } from './redact-source.ts';
import { redactNamedValue, redactValue, redactVariables } from './redact-values.ts';
import { redactArguments, redactEnvironment, redactJson, redactNamed } from './redact-plain.cts';
import { redactedText } from './secret-names.cts';
import { type RedactOptions, RedactionTally, redactText } from './secrets.cts';

/** Nesting of errors (cause, AggregateError) looked into. */
const maxErrorDepth = 16;

/** Nesting of a capture that is looked into; nothing of ours is deeper. */
const maxDepth = 100;

/** A copy of the capture without secrets, with `redactions` filled. */
export function redactCapture(capture: Capture, options: RedactOptions = {}): Capture {
  const tally = new RedactionTally(options);
  const { process, error, annotations, breadcrumbs, asyncStores } = capture;
  const named: Capture = {
    ...capture,
    process: {
      ...process,
      ...(process.env && { env: redactEnvironment(process.env, tally) }),
      ...(process.argv && { argv: redactArguments(process.argv, tally) }),
    },
    ...(capture.neighbours && {
      neighbours: capture.neighbours.map((one) => ({
        ...one,
        ...(one.argv && { argv: redactArguments(one.argv, tally) }),
      })),
    }),
    threads: capture.threads.map((thread) => redactThread(thread, tally)),
    tasks: capture.tasks.map((task) => redactTask(task, tally)),
    ...(error && { error: redactError(error, tally, 0) }),
    ...(annotations && { annotations: redactNamed(annotations, tally) }),
    ...(asyncStores && {
      asyncStores: asyncStores.map((store) => ({
        ...store,
        value: redactNamedValue(store.name, store.value, tally),
      })),
    }),
    ...(breadcrumbs && {
      breadcrumbs: breadcrumbs.map((crumb) => redactJson(crumb, tally) as Record<string, unknown>),
    }),
  };
  // Then everything else that is text, wherever it stands: also what other parts of the program add one day.
  const shown = redactEverywhere(named, tally, 0) as Capture;
  return { ...shown, redactions: tally.result() };
}

/** A copy of the tasks without secrets. */
export function redactTasks(tasks: readonly Task[], options: RedactOptions = {}): Task[] {
  const tally = new RedactionTally(options);
  return tasks.map((task) => redactEverywhere(redactTask(task, tally), tally, 0) as Task);
}

/** Takes out what looks like a secret in all strings, names of fields included. */
function redactEverywhere(value: unknown, tally: RedactionTally, depth: number): unknown {
  if (typeof value === 'string') return redactText(value, tally);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return redactedText;
  if (Array.isArray(value)) {
    return value.map((item) => redactEverywhere(item, tally, depth + 1));
  }
  // Most of the time of a redaction is spent here: no lists of entries.
  const copy: Record<string, unknown> = {};
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(fields)) {
    const shown = redactEverywhere(fields[name], tally, depth + 1);
    if (name === '__proto__') {
      Object.defineProperty(copy, name, { value: shown, enumerable: true, writable: true });
    } else copy[tally.redactLooks(name)] = shown;
  }
  return copy;
}

function redactThread(thread: Thread, tally: RedactionTally): Thread {
  return { ...thread, frames: thread.frames.map((frame) => redactFrame(frame, tally)) };
}

/** A place before compilation without secrets. */
export function redactOriginal(original: Original, tally: RedactionTally): Original {
  const { source, column } = original;
  const named = { ...original, ...(source && { source: redactSource(source, column, tally) }) };
  return redactEverywhere(named, tally, 0) as Original;
}

function redactFrame(frame: Frame, tally: RedactionTally): Frame {
  const { receiver, closure, source, column, original } = frame;
  return {
    ...frame,
    ...(receiver && { receiver: redactValue(receiver, { secretName: null }, tally) }),
    arguments: redactVariables(frame.arguments, tally),
    locals: redactVariables(frame.locals, tally),
    ...(closure && { closure: redactVariables(closure, tally) }),
    ...(source && { source: redactSource(source, column, tally) }),
    ...(original && { original: redactOriginal(original, tally) }),
  };
}

function redactTask(task: Task, tally: RedactionTally): Task {
  return {
    ...task,
    ...(task.receiver && { receiver: redactValue(task.receiver, { secretName: null }, tally) }),
    ...(task.source && { source: redactSource(task.source, task.column, tally) }),
    ...(task.original && { original: redactOriginal(task.original, tally) }),
    arguments: redactVariables(task.arguments, tally),
    locals: redactVariables(task.locals, tally),
  };
}

function redactError(error: ErrorRecord, tally: RedactionTally, depth: number): ErrorRecord {
  const { stack, cause, errors } = error;
  const goOn = depth < maxErrorDepth;
  const result: ErrorRecord = {
    ...error,
    message: redactText(error.message, tally),
    properties: redactVariables(error.properties, tally),
  };
  if (stack !== undefined) result.stack = redactText(stack, tally);
  if (cause !== undefined && goOn) result.cause = redactError(cause, tally, depth + 1);
  else delete result.cause;
  if (errors !== undefined && goOn) {
    result.errors = errors.map((inner) => redactError(inner, tally, depth + 1));
  } else delete result.errors;
  return result;
}
