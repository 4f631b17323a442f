/**
 * Takes secrets out of a capture before anybody else sees it: before the verdict cites it, before it is encoded.
 * Works by the name something is kept under and by the look of the value (secrets.ts). Pure: makes a copy.
 */
import type { Capture, ErrorRecord, Frame, Task, Thread, Value, Variable } from './schema.ts';
import { RedactionTally, isSecretName, redactLooks, redactText, redactedText } from './secrets.ts';

/** Types of values that are no secret under any name: they say nothing, or only what code is there. */
const tellNothing = new Set(['undefined', 'null', 'boolean', 'function', 'unknown', 'symbol']);
/** Literals shorter than this are not searched for in the previews around them: they would hit by chance. */
const minLiteralChars = 4;
/** Nesting of errors (cause, AggregateError) looked into. */
const maxErrorDepth = 16;

/** A copy of the capture without secrets, with `redactions` filled. */
export function redactCapture(capture: Capture): Capture {
  const tally = new RedactionTally();
  const { process, error, annotations, breadcrumbs } = capture;
  return {
    ...capture,
    trigger: { ...capture.trigger, reason: redactText(capture.trigger.reason, tally) },
    process: {
      ...process,
      ...(process.env && { env: redactEnvironment(process.env, tally) }),
      ...(process.argv && { argv: redactArguments(process.argv, tally) }),
    },
    threads: capture.threads.map((thread) => redactThread(thread, tally)),
    tasks: capture.tasks.map((task) => redactTask(task, tally)),
    ...(error && { error: redactError(error, tally, 0) }),
    ...(annotations && { annotations: redactEnvironment(annotations, tally) }),
    ...(breadcrumbs && {
      breadcrumbs: breadcrumbs.map((crumb) => redactJson(crumb, tally) as Record<string, unknown>),
    }),
    redactions: tally.result(),
  };
}

/** Environment or annotations: values of secret names are replaced whole, of others only the parts that look secret. */
export function redactEnvironment(
  env: Readonly<Record<string, string>>,
  tally: RedactionTally,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== '' && isSecretName(name)) {
      tally.add(name);
      result[name] = redactedText;
    } else {
      result[name] = redactText(value, tally);
    }
  }
  return result;
}

/** Command line: `--password=x`, `--password x`, `-H "Authorization: Bearer x"`, URLs with passwords. */
export function redactArguments(argv: readonly string[], tally: RedactionTally): string[] {
  let secretOption: string | null = null;
  return argv.map((argument) => {
    const before = secretOption;
    secretOption = null;
    if (before !== null && !argument.startsWith('-')) {
      tally.add(before);
      return redactedText;
    }
    const option = /^(--?[\w-]+)(=?)/.exec(argument);
    const name = option?.[1];
    if (name === undefined || !isSecretName(name)) return redactText(argument, tally);
    if (option?.[2] !== '=') {
      secretOption = name;
      return argument;
    }
    tally.add(name);
    return `${name}=${redactedText}`;
  });
}

function redactThread(thread: Thread, tally: RedactionTally): Thread {
  return {
    ...thread,
    ...(thread.syscall !== undefined && { syscall: redactLooks(thread.syscall, tally) }),
    frames: thread.frames.map((frame) => redactFrame(frame, tally)),
  };
}

function redactFrame(frame: Frame, tally: RedactionTally): Frame {
  const { receiver, closure, source } = frame;
  return {
    ...frame,
    ...(receiver && { receiver: redactValue(receiver, null, tally) }),
    arguments: redactVariables(frame.arguments, tally),
    locals: redactVariables(frame.locals, tally),
    ...(closure && { closure: redactVariables(closure, tally) }),
    ...(source && {
      source: {
        ...source,
        line: redactText(source.line, tally),
        before: source.before.map((line) => redactText(line, tally)),
        after: source.after.map((line) => redactText(line, tally)),
      },
    }),
  };
}

function redactTask(task: Task, tally: RedactionTally): Task {
  return {
    ...task,
    ...(task.receiver && { receiver: redactValue(task.receiver, null, tally) }),
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
  return variables.map((variable) => ({
    ...variable,
    value: redactValue(variable.value, isSecretName(variable.name) ? variable.name : null, tally),
  }));
}

/**
 * @param secretName the name that makes this value, and every string and number inside it, a secret
 */
function redactValue(value: Value, secretName: string | null, tally: RedactionTally): Value {
  if (secretName !== null && !tellNothing.has(value.type) && value.properties === undefined) {
    tally.add(secretName);
    return { type: 'unknown', preview: redactedText, reason: 'redacted' };
  }
  let preview = value.preview;
  const result: Value = { ...value };
  if (value.properties !== undefined) {
    result.properties = value.properties.map((property) => {
      const name = isSecretName(property.name) ? property.name : secretName;
      const inner = redactValue(property.value, name, tally);
      // The preview of an object shows its properties once more.
      if (inner.reason === 'redacted' && property.value.preview.length >= minLiteralChars) {
        preview = preview.replaceAll(property.value.preview, redactedText);
      }
      return { ...property, value: inner };
    });
  }
  // Under a secret name even the unnamed rest of a preview (elements cut off, nested deeper) is not shown.
  result.preview =
    secretName !== null && value.properties !== undefined
      ? `${value.className ?? value.type} ${redactedText}`
      : redactText(preview, tally);
  return result;
}

/** Plain JSON, such as breadcrumbs. */
function redactJson(json: unknown, tally: RedactionTally, depth = 0): unknown {
  if (typeof json === 'string') return redactText(json, tally);
  if (typeof json !== 'object' || json === null) return json;
  if (depth >= maxErrorDepth) return redactedText;
  if (Array.isArray(json)) return json.map((item) => redactJson(item, tally, depth + 1));
  return Object.fromEntries(
    Object.entries(json).map(([name, value]: [string, unknown]) => {
      const tells = typeof value === 'string' || typeof value === 'number';
      if (!tells || !isSecretName(name)) return [name, redactJson(value, tally, depth + 1)];
      tally.add(name);
      return [name, redactedText];
    }),
  );
}
