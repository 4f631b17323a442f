/**
 * Takes secrets out of a capture before anybody else sees it: before the verdict cites it, before it is encoded.
 * Works by the name something is kept under and by the look of the value (secrets.cts). Pure: makes a copy.
 */
import type {
  Capture,
  ErrorRecord,
  Frame,
  Original,
  Task,
  Thread,
  Value,
  Variable,
} from './schema.ts';
import { redactArguments, redactEnvironment, redactJson, redactNamed } from './redact-plain.cts';
import { type RedactOptions, RedactionTally, redactText, redactedText } from './secrets.cts';

/** Types of values that are no secret under any name: they say nothing, or only what code is there. */
const tellNothing = new Set(['undefined', 'null', 'boolean', 'function', 'unknown', 'symbol']);
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
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      tally.redactLooks(name),
      redactEverywhere(inner, tally, depth + 1),
    ]),
  );
}

function redactThread(thread: Thread, tally: RedactionTally): Thread {
  return { ...thread, frames: thread.frames.map((frame) => redactFrame(frame, tally)) };
}

/** An excerpt as one text: a key may go over several lines. */
function redactSource(
  source: NonNullable<Frame['source']>,
  tally: RedactionTally,
): NonNullable<Frame['source']> {
  const { before, line, after } = source;
  const lines = redactText([...before, line, ...after].join('\n'), tally).split('\n');
  if (lines.length !== before.length + 1 + after.length) {
    return { ...source, before: [], line: redactedText, after: [] };
  }
  return {
    ...source,
    before: lines.slice(0, before.length),
    line: lines[before.length] ?? redactedText,
    after: lines.slice(before.length + 1),
  };
}

/** A place before compilation without secrets. */
export function redactOriginal(original: Original, tally: RedactionTally): Original {
  const { source } = original;
  const named = { ...original, ...(source && { source: redactSource(source, tally) }) };
  return redactEverywhere(named, tally, 0) as Original;
}

function redactFrame(frame: Frame, tally: RedactionTally): Frame {
  const { receiver, closure, source, original } = frame;
  return {
    ...frame,
    ...(receiver && { receiver: redactValue(receiver, null, tally) }),
    arguments: redactVariables(frame.arguments, tally),
    locals: redactVariables(frame.locals, tally),
    ...(closure && { closure: redactVariables(closure, tally) }),
    ...(source && { source: redactSource(source, tally) }),
    ...(original && { original: redactOriginal(original, tally) }),
  };
}

function redactTask(task: Task, tally: RedactionTally): Task {
  return {
    ...task,
    ...(task.receiver && { receiver: redactValue(task.receiver, null, tally) }),
    ...(task.source && { source: redactSource(task.source, tally) }),
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

/** Variables of one scope. */
export function redactVariables(variables: readonly Variable[], tally: RedactionTally): Variable[] {
  return variables.map((variable) => {
    const { name, original, value } = variable;
    // A minified name hides what its value is.
    const telling = original !== undefined && tally.isSecretName(original) ? original : name;
    return { ...variable, value: redactNamedValue(telling, value, tally) };
  });
}

function redactNamedValue(name: string, value: Value, tally: RedactionTally): Value {
  return redactValue(value, tally.isSecretName(name) ? name : null, tally);
}

/**
 * @param secretName the name that makes this value, and every string and number inside it, a secret
 */
function redactValue(value: Value, secretName: string | null, tally: RedactionTally): Value {
  if (value.properties === undefined) return redactLeaf(value, secretName, tally);
  const before = tally.count;
  const properties = value.properties.map((property) => {
    const name = tally.isSecretName(property.name) ? property.name : secretName;
    return {
      ...property,
      name: redactText(property.name, tally),
      value: redactValue(property.value, name, tally),
    };
  });
  // Under a secret name even the unnamed rest of a preview (elements cut off, nested deeper) is not shown.
  if (secretName !== null) {
    return {
      ...value,
      properties,
      preview: `${value.className ?? value.type} ${redactedText}`,
    };
  }
  // The preview shows the properties once more, and may cut a secret short so that it has no look any more.
  const isCut = tally.count > before;
  const preview = isCut ? previewOf(value, properties) : redactText(value.preview, tally);
  return { ...value, properties, preview };
}

function redactLeaf(value: Value, secretName: string | null, tally: RedactionTally): Value {
  if (secretName !== null && !tellNothing.has(value.type)) {
    tally.add(secretName);
    return { type: 'unknown', preview: redactedText, reason: 'redacted' };
  }
  const preview = redactText(value.preview, tally);
  const isNumber = value.type === 'number' || value.type === 'bigint';
  if (isNumber && preview !== value.preview) {
    return { type: 'unknown', preview: redactedText, reason: 'redacted' };
  }
  return { ...value, preview };
}

/** Characters of a preview that is put together again. */
const maxPreviewChars = 300;

/** One line made of properties that hold no secret any more. */
function previewOf(value: Value, properties: NonNullable<Value['properties']>): string {
  const { type, className, length = properties.length } = value;
  const isList = type === 'array' || type === 'set';
  const parts = properties.map(({ name, value: inner }) =>
    isList ? inner.preview : `${name}${type === 'map' ? ' => ' : ': '}${inner.preview}`,
  );
  if (properties.length < length || value.truncated === true) parts.push('…');
  const body = type === 'array' ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
  const isPlain = className === undefined || className === 'Object' || className === 'Array';
  const head = isPlain
    ? ''
    : `${className}${type === 'map' || type === 'set' ? `(${length})` : ''} `;
  const text = `${head}${body}`;
  return text.length <= maxPreviewChars ? text : `${text.slice(0, maxPreviewChars - 1)}…`;
}
