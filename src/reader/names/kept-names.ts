/**
 * The names of functions that were met on stacks, kept from one run to the next: to parse them takes longer than to read
 * a whole stack. A script is known by the SHA-256 of its text, so that it does not matter where that was read from.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { limits } from '../../limits.ts';
import { readCacheFile, writeCacheFile } from '../memory/cache-files.ts';
import {
  type DeclaredAt,
  functionKinds,
  type FunctionNames,
  parseScriptNames,
  type ScriptNames,
  type ScriptOptions,
} from './function-names.ts';
import { PutOff } from './lazy-parser.ts';

const offset = v.pipe(v.number(), v.safeInteger());
const range = { start: offset, end: offset };
const visible = { ...range, hiddenIn: v.array(v.object(range)) };
const register = v.object({ ...visible, name: v.string(), lexical: v.boolean() });
const call = { call: v.string(), at: offset };
const awaitedCall = v.object({
  ...call,
  awaitAt: offset,
  isScoped: v.boolean(),
  held: v.exactOptional(v.object(visible)),
});
const functionNames = v.object({
  parameters: v.array(v.string()),
  parametersCopied: v.array(v.boolean()),
  registers: v.array(v.nullable(register)),
  kind: v.picklist(functionKinds),
  isAsync: v.boolean(),
  isGenerator: v.boolean(),
  className: v.exactOptional(v.string()),
  nameAt: v.exactOptional(offset),
  classNameAt: v.exactOptional(offset),
  awaitedCalls: v.array(awaitedCall),
  givenTo: v.exactOptional(v.object(call)),
  declaredAt: v.pipe(
    v.array(v.tuple([v.string(), v.array(offset)])),
    v.transform((entries): DeclaredAt => new Map(entries)),
  ),
});

/** Null: it is known that the source does not tell. */
const keptNames = v.nullable(functionNames);

/** Those of the programs that run one binary. */
export class KeptNames {
  readonly #identity: string;
  /** What the file holds, by function; looked at when it is asked for. */
  #before: ReadonlyMap<string, unknown> | null = null;
  /** What this run asked for. */
  readonly #used = new Map<string, FunctionNames | null>();
  #hasNew = false;

  /** @param identity ElfFile.identity */
  constructor(identity: string) {
    this.#identity = identity;
  }

  /**
   * @param place the script and the function in it
   * @returns null when the source does not tell; undefined when it was not met before, or the file makes no sense
   */
  get(place: string): FunctionNames | null | undefined {
    this.#before ??= readBefore(this.#key);
    const kept = v.safeParse(keptNames, this.#before.get(place));
    if (!kept.success) return undefined;
    this.#used.set(place, kept.output);
    return kept.output;
  }

  add(place: string, names: FunctionNames | null): void {
    this.#used.set(place, names);
    this.#hasNew = true;
  }

  /** For the next run: what this one used, and of what others used as much as there is room for. */
  save(): void {
    if (!this.#hasNew) return;
    this.#hasNew = false;
    const used = [...this.#used].map(([place, names]): [string, unknown] => [
      place,
      names && { ...names, declaredAt: [...names.declaredAt] },
    ]);
    const others = [...(this.#before ?? [])].filter(([place]) => !this.#used.has(place));
    writeCacheFile(this.#key, [...used, ...others].slice(0, limits.maxKeptFunctions));
  }

  /** The number rises when other names are found in the same text. */
  get #key(): string {
    return `names 2 ${this.#identity}`;
  }
}

function readBefore(key: string): ReadonlyMap<string, unknown> {
  const entries = v.safeParse(v.array(v.tuple([v.string(), v.unknown()])), readCacheFile(key));
  return new Map(entries.success ? entries.output : []);
}

/** A script that is parsed only when a function is asked for that is not among the kept ones. */
export class ScriptWithKept implements ScriptNames {
  readonly #text: string;
  readonly #options: ScriptOptions;
  readonly #kept: KeptNames;
  readonly #found = new Map<string, FunctionNames | null>();
  #digest: string | null = null;
  #parsed: ScriptNames | null | undefined;

  constructor(text: string, options: ScriptOptions, kept: KeptNames) {
    this.#text = text;
    this.#options = options;
    this.#kept = kept;
  }

  find(start: number, end: number, functionName = '', patience = Infinity): FunctionNames | null {
    const place = `${start} ${end} ${functionName}`;
    let names = this.#found.get(place);
    if (names === undefined) {
      if (this.#digest === null && this.#text.length > patience) throw new PutOff();
      this.#digest ??= digestOf(this.#text, this.#options);
      const key = `${this.#digest} ${place}`;
      names = this.#kept.get(key);
      if (names === undefined) {
        const script = this.#parse(patience);
        names = script?.find(start, end, functionName, patience) ?? null;
        // What cannot be parsed may be another time, when the stack has more room for the parser.
        if (script !== null) this.#kept.add(key, names);
      }
      this.#found.set(place, names);
    }
    return names;
  }

  #parse(patience: number): ScriptNames | null {
    if (this.#parsed === undefined) {
      if (this.#text.length > patience) throw new PutOff();
      this.#parsed = parseScriptNames(this.#text, this.#options);
    }
    return this.#parsed;
  }
}

/** UTF-16, as UTF-8 has one and the same form for all halves of surrogate pairs. */
function digestOf(text: string, options: ScriptOptions): string {
  const hash = createHash('sha256').update(`${JSON.stringify(options)}\n`);
  return hash.update(text, 'utf16le').digest('hex').slice(0, 32);
}
