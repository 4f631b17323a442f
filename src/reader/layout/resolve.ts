/** From the facts of one node binary and the rows of the table to the numbers the reader works with. */
import { SleeperError } from '../../errors.ts';
import {
  type ConstantName,
  type ConstantSource,
  constantSources,
  type KnownV8Version,
  knownV8Versions,
  typesBehindFixedArray,
} from './constants.ts';
import { readIsolateOffsets, type IsolateOffsets } from './js-entry.ts';
import type { NodeBinary } from './node-binary.ts';

export interface V8Layout {
  /** The rows in use. */
  readonly version: KnownV8Version;
  /** False: the binary's V8 has no rows of its own and those of the nearest version are tried; results are likely, not certain. */
  readonly isExact: boolean;
  readonly isolate: IsolateOffsets;
  /** Instance types by V8's name without `_TYPE`, such as `JS_FUNCTION`. */
  readonly types: ReadonlyMap<string, number>;
  readonly typeNames: ReadonlyMap<number, string>;
  /** Frame types by number: `Entry`, `Exit`, `Interpreted`, … */
  readonly frameTypes: ReadonlyMap<number, string>;
  /** The constant, or undefined when this version has none. */
  find(name: ConstantName): number | undefined;
  /** @throws SleeperError ERR_SLEEPER_UNSUPPORTED_NODE when this version has none */
  require(name: ConstantName): number;
}

/** @throws SleeperError ERR_SLEEPER_UNSUPPORTED_NODE when no rows are near enough to be tried */
export function resolveLayout(binary: NodeBinary): V8Layout {
  const { version, isExact } = nearestVersion(binary);
  const constants = new Map<ConstantName, number>();
  const names = new ConstantNames(binary.debugConstants.keys());
  for (const name of Object.keys(constantSources) as ConstantName[]) {
    const value = resolveConstant(constantSources[name], binary, names, version);
    if (value !== undefined) constants.set(name, value);
  }
  const types = new Map<string, number>();
  const frameTypes = new Map<number, string>();
  for (const [name, value] of binary.debugConstants) {
    const type = /^type_\w+?__(\w+)_TYPE$/.exec(name)?.[1];
    if (type !== undefined) types.set(type, value);
    const frame = /^frametype_(\w+)Frame$/.exec(name)?.[1];
    if (frame !== undefined) frameTypes.set(value, frame);
  }
  addUnexportedTypes(types, version);
  return {
    version,
    isExact,
    isolate: readIsolateOffsets(binary),
    types,
    typeNames: new Map([...types].map(([name, value]) => [value, name])),
    frameTypes,
    find: (name) => constants.get(name),
    require(name) {
      const value = constants.get(name);
      if (value === undefined)
        throw new SleeperError(
          'ERR_SLEEPER_UNSUPPORTED_NODE',
          `V8 ${binary.v8Version} of ${binary.path} does not tell its ${name}, and no row has it.`,
          { v8Version: binary.v8Version, constant: name },
        );
      return value;
    },
  };
}

function addUnexportedTypes(types: Map<string, number>, version: KnownV8Version): void {
  const base = types.get('FIXED_ARRAY');
  if (base === undefined) return;
  const taken = new Set(types.values());
  for (const [name, distances] of Object.entries(typesBehindFixedArray)) {
    const type = base + distances[version];
    // A number that means something else shows that the rows are not for this binary.
    if (!types.has(name) && !taken.has(type)) types.set(name, type);
  }
}

/** Exported constants by name, sorted: patterns begin with letters that few names share. */
class ConstantNames {
  readonly #sorted: readonly string[];

  constructor(names: Iterable<string>) {
    this.#sorted = [...names].sort();
  }

  find(pattern: RegExp): string | undefined {
    // A letter before a quantifier may be absent.
    const prefix = /^\^(\w*?)(?=\w?[?*{]|\W|$)/.exec(pattern.source)?.[1] ?? '';
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? '') < prefix) low = middle + 1;
      else high = middle;
    }
    for (let i = low; this.#sorted[i]?.startsWith(prefix) === true; i++)
      if (pattern.test(this.#sorted[i] ?? '')) return this.#sorted[i];
    return undefined;
  }
}

function resolveConstant(
  source: ConstantSource,
  binary: NodeBinary,
  names: ConstantNames,
  version: KnownV8Version,
): number | undefined {
  const name = source.symbol === undefined ? undefined : names.find(source.symbol);
  return (
    (name === undefined ? undefined : binary.debugConstants.get(name)) ?? source.rows?.[version]
  );
}

/** Rows are tried on the versions up to one Node release line away: V8 grows by 0.1 every few weeks. */
const nearEnough = 1.2;

function nearestVersion(binary: NodeBinary): { version: KnownV8Version; isExact: boolean } {
  const [major, minor] = binary.v8MajorMinor;
  const exact = `${major}.${minor}`;
  if (exact in knownV8Versions) return { version: exact as KnownV8Version, isExact: true };
  const distance = (version: string) => {
    const [m = 0, n = 0] = version.split('.').map(Number);
    return Math.abs(m + n / 10 - (major + minor / 10));
  };
  const [nearest] = (Object.keys(knownV8Versions) as KnownV8Version[]).sort(
    (a, b) => distance(a) - distance(b),
  );
  if (nearest === undefined || distance(nearest) > nearEnough)
    throw new SleeperError(
      'ERR_SLEEPER_UNSUPPORTED_NODE',
      `V8 ${binary.v8Version} of ${binary.path} is not a version the reader knows.`,
      { v8Version: binary.v8Version },
    );
  return { version: nearest, isExact: false };
}
