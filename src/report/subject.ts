/**
 * What a function of a package or of Node.js works on, by the objects it has: the test, the suite, the plugin, the job.
 * In reports: values are redacted by then. Pure.
 */
import type { Frame, Value, Variable } from './schema.ts';

/** Part of a task, or of a frame. */
type Activation = Pick<Frame, 'receiver' | 'arguments' | 'locals'>;

/** Properties whose text people gave, the most telling first. */
const titles = ['title', 'fullName', 'name'];
/** Those of classes of an object's own say nothing. */
const plain = /^(?:|Object|\[Object: null prototype\]|\(anonymous\)|global)$/;

const shortTypes: ReadonlySet<string> = new Set(['string', 'array']);
const maxShortChars = 60;
/** Told of one function: a suite and its test. */
const maxTold = 2;

/**
 * `Test {name: "reserves stock"}`; plain objects by the names of their variables: `suite {name: "orders"}, test {name: "reserves stock"}`.
 * Variables inside the function are asked last. Null: nothing tells.
 */
export function subjectOf({ receiver, arguments: given, locals }: Activation): string | null {
  const own = receiver === undefined ? [] : [{ name: '', value: receiver }];
  const told = [[...own, ...given], locals].map(titlesOf).find(({ length }) => length > 0);
  return told?.join(', ') ?? null;
}

function titlesOf(variables: readonly Variable[]): string[] {
  const words = variables.flatMap((variable) => titleWords(variable) ?? []);
  return [...new Set(words)].slice(0, maxTold);
}

/** What the receiver of a program's own function belongs to: a test framework calls tests as methods of a context. */
export function subjectBehind({ receiver }: Activation): string | null {
  for (const { name, value } of receiver?.properties ?? []) {
    const words = plain.test(value.className ?? '') ? null : titleWords({ name, value });
    if (words !== null) return words;
  }
  return null;
}

function titleWords({ name, original = name, value }: Variable): string | null {
  if (value.type !== 'object') return null;
  const { className = '' } = value;
  const whose = plain.test(className) ? original : className;
  // What is taken apart among the parameters has no name.
  if (!/^[\w$#.]+$/.test(whose)) return null;
  for (const title of titles) {
    const text = textOf(value, title);
    if (text !== null) return `${whose} {${title}: ${text}}`;
  }
  return null;
}

/** Arguments of a package's function that are short enough to tell beside its name: `hookName`, `id`, `files`. */
export function shortArguments({ arguments: given }: Activation): Variable[] {
  return given.filter(
    ({ value: { type, preview, reason } }) =>
      reason === undefined && shortTypes.has(type) && preview.length <= maxShortChars,
  );
}

/** In quotes. */
function textOf({ properties = [] }: Value, name: string): string | null {
  const found = properties.find((one) => one.name.replace(/^[_#]/, '') === name)?.value;
  return found?.type === 'string' && found.reason === undefined && found.preview.length > 2
    ? found.preview
    : null;
}
