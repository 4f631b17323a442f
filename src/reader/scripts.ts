/**
 * Source texts, lines and names of the scripts of one process. Kept from one look to the next: reading and parsing a
 * bundle takes far longer than a stop may.
 */
import { limits } from '../limits.ts';
import { excerptOf } from '../report/excerpt.ts';
import type { Declared, Excerpt } from '../report/schema.ts';
import { readScriptName, scriptSource, type SharedFunction } from './heap/functions.ts';
import type { Heap } from './heap/heap.ts';
import { readString, readStringLength } from './heap/strings.ts';
import type { Tagged } from './layout/tagged.ts';
import { UnreadableMemory } from './memory/source.ts';
import type { DeclaredAt, FunctionNames } from './names/function-names.ts';
import { isHandedOver } from './names/handed-over.ts';
import { type KeptNames, ScriptWithKept } from './names/kept-names.ts';
import { PutOff } from './names/lazy-parser.ts';

/** What Node wraps around a CommonJS module, and around its own scripts; by the number of parameters. */
const wrappers: readonly (readonly string[])[] = [
  ['exports', 'require', 'module', '__filename', '__dirname'],
  ['exports', 'require', 'module', 'process', 'internalBinding', 'primordials'],
];

/** Names of the functions that V8 makes of fields and static blocks, as error.stack has them. */
export const initialiserNames = {
  instance: '<instance_members_initializer>',
  static: '<static_initializer>',
} as const;

/** What the scripts of a program have in common. */
interface Circumstances {
  readonly v8Version: string;
  readonly kept: KeptNames;
  /** Whether there is time for parsing. */
  readonly haste: Haste;
}

interface Haste {
  /** Characters that are parsed at once. */
  patience: number;
  hasPutOff: boolean;
}

export class Script {
  readonly name: string;
  /** Null: V8 holds no source, or it is beyond the limit. */
  readonly text: string | null;
  #lineStarts: number[] | null = null;
  /** Null: the script is unreadable. */
  readonly #circumstances: Circumstances | null;
  /** By the wrapper's parameters. */
  readonly #names = new Map<string, ScriptWithKept>();
  /** By line and column of the name. */
  readonly #declarations = new Map<string, DeclaredAt>();

  constructor(name: string, text: string | null, circumstances: Circumstances | null = null) {
    this.name = name;
    this.text = text;
    this.#circumstances = circumstances;
  }

  /** True for Node's own scripts. */
  get isInternal(): boolean {
    return this.name.startsWith('node:');
  }

  /** What V8 calls a function, where that means something. */
  nameOf({ name, scopeInfo }: SharedFunction): string {
    const isInferred = scopeInfo?.name === '' && name !== '' && name === scopeInfo.inferredName;
    return isInferred && isHandedOver(this.text ?? '', scopeInfo.start) ? '' : name;
  }

  /** Line and column of a source offset, both from 1. */
  place(offset: number): { line: number; column: number } | null {
    if (this.text === null || offset < 0 || offset > this.text.length) return null;
    const starts = this.#starts(this.text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  /** The line and its neighbours, each bounded in length. */
  excerpt({ line, column }: { line: number; column: number }): Excerpt | null {
    if (this.text === null) return null;
    const text = this.text;
    const starts = this.#starts(text);
    const lineAt = (number: number): string | undefined => {
      const start = starts[number - 1];
      if (start === undefined) return undefined;
      const end = (starts[number] ?? text.length + 1) - 1;
      return text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
    };
    return excerptOf(lineAt, line, column);
  }

  /** Where the name of a function is written, for source maps; remembered, so that declarationsAt() finds its variables. */
  declaredBy(names: FunctionNames | null, shared: SharedFunction): Declared | null {
    const place = this.place(names?.nameAt ?? shared.scopeInfo?.start ?? -1);
    if (place === null) return null;
    if (names !== null) this.#declarations.set(`${place.line}:${place.column}`, names.declaredAt);
    const classPlace = this.place(names?.classNameAt ?? -1);
    return { ...place, ...(classPlace !== null && { class: classPlace }) };
  }

  /** Where the variables are declared of the function whose name is written at a place; null: no frame of it was described. */
  declarationsAt({ line, column }: { line: number; column: number }): DeclaredAt | null {
    return this.#declarations.get(`${line}:${column}`) ?? null;
  }

  /** Parameter and register names of a function; null when there is no source, or it cannot be told. */
  namesOf({ scopeInfo, formalParameters }: SharedFunction): FunctionNames | null {
    const { text } = this;
    if (scopeInfo === null || text === null || this.#circumstances === null) return null;
    if (text.length > limits.maxParsedChars) return null;
    const { start, end, initialises } = scopeInfo;
    // From 12.x on V8 gives the name of the class to what initialises it.
    const name = initialises === null ? scopeInfo.name : initialiserNames[initialises];
    const isTop = start <= 0 && end >= text.length;
    // Only at the top level does it matter what V8 was told to wrap around the source.
    const wrapper = isTop
      ? wrappers.find(({ length }) => length + 1 === formalParameters)
      : wrappers[this.isInternal ? 1 : 0];
    const { haste } = this.#circumstances;
    try {
      const names = this.#within(wrapper, text, this.#circumstances);
      return names.find(start, end, name, haste.patience);
    } catch (error) {
      if (!(error instanceof PutOff)) throw error;
      haste.hasPutOff = true;
      return null;
    }
  }

  #within(
    wrapperParameters: readonly string[] | undefined,
    text: string,
    { v8Version, kept }: Circumstances,
  ): ScriptWithKept {
    const key = wrapperParameters?.join() ?? '';
    let names = this.#names.get(key);
    if (names === undefined) {
      const isModule = this.name.startsWith('file:');
      const options = {
        v8Version,
        ...(isModule ? { isModule } : wrapperParameters && { wrapperParameters }),
        // Code without a name was given to eval or to new Function.
        ...(this.name === '' && { isEval: true }),
      };
      names = new ScriptWithKept(text, options, kept);
      this.#names.set(key, names);
    }
    return names;
  }

  #starts(text: string): number[] {
    if (this.#lineStarts === null) {
      const starts = [0];
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
        starts.push(at + 1);
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }
}

export class ScriptCache {
  readonly #scripts = new Map<string, Script>();
  readonly #haste: Haste = { patience: Infinity, hasPutOff: false };
  readonly #circumstances: Circumstances;

  constructor(v8Version: string, kept: KeptNames) {
    this.#circumstances = { v8Version, kept, haste: this.#haste };
  }

  /** The program's own scripts that were read, the last one of each name: of two with one name that one is as likely as the other. */
  get own(): ReadonlyMap<string, Script> {
    const named = [...this.#scripts.values()].filter(
      ({ name, isInternal }) => name !== '' && !isInternal,
    );
    return new Map(named.map((script) => [script.name, script]));
  }

  /**
   * Works while the target stands still: long functions that have not been parsed have no names then.
   * @returns what the work gives, and whether there were such functions
   */
  inHaste<T>(work: () => T): { readonly result: T; readonly hasPutOff: boolean } {
    this.#haste.patience = limits.maxParsedInStopChars;
    this.#haste.hasPutOff = false;
    try {
      const result = work();
      return { result, hasPutOff: this.#haste.hasPutOff };
    } finally {
      this.#haste.patience = Infinity;
    }
  }

  /** The script at an address. An unreadable one has an empty name and no text. */
  read(heap: Heap, address: Tagged): Script {
    try {
      const source = scriptSource(heap, address);
      const length = source === null ? 0 : readStringLength(heap, source);
      const name = readScriptName(heap, address);
      // Addresses alone could be reused after a collection; with name and length they will not be.
      const key = `${address} ${source ?? 0} ${length} ${name}`;
      let script = this.#scripts.get(key);
      if (script === undefined) {
        const isReadable = source !== null && length <= limits.maxSourceChars;
        const text = isReadable ? readString(heap, source, length) : null;
        script = new Script(name, text, this.#circumstances);
        this.#scripts.set(key, script);
      }
      return script;
    } catch (error) {
      if (error instanceof UnreadableMemory) return new Script('', null);
      throw error;
    }
  }
}
