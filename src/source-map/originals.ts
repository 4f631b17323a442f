/**
 * Places, functions and variables of a capture as they were before compilation. What was compiled stays as it is; the original stands
 * beside it. One place that a map is wrong about stays without; the others do not suffer. Pure: makes copies.
 */
import { limits } from '../limits.ts';
import { excerptOf } from '../report/excerpt.ts';
import type {
  Declared,
  ErrorRecord,
  Excerpt,
  Frame,
  Handle,
  Original,
  Sample,
  Task,
  TaskCall,
  Timer,
  Variable,
} from '../report/schema.ts';
import { MapProblem } from './map-problem.ts';
import type { SourceMap, Traced } from './source-map.ts';
import { callAt, functionName } from './written-names.ts';

/** What is looked through. */
export interface Placed {
  readonly threads: readonly { readonly frames: readonly Frame[] }[];
  readonly tasks: readonly Task[];
  readonly timers: readonly Timer[];
  readonly handles?: readonly Handle[];
  readonly samples?: readonly Sample[];
  readonly error?: ErrorRecord;
}

/** A place of a compiled file. */
export interface CompiledPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What is known of the program besides its maps. */
export interface Surroundings {
  readonly maps: ReadonlyMap<string, SourceMap>;
  /** Lines of original files that the maps do not hold, by path. */
  readonly originalFiles: ReadonlyMap<string, string>;
  /** Where the variables of a function are declared: places in its file, by name. */
  readonly declarations: (
    file: string,
    declared: Declared,
  ) => ReadonlyMap<string, readonly Position[]>;
}
type Position = { readonly line: number; readonly column: number };

const callSite = /^\s{2,8}at (?:(?:async )?(.+?) \((.*)\)|(?:async )?(.+))$/;
const sitePosition = /^(.+?):(\d+):(\d+)$/;
const maxErrorDepth = 16;

export class Originals {
  readonly #known: Surroundings;
  readonly #lines = new Map<string, readonly string[]>();
  /** Names before compilation of functions, by file and name: for places that do not tell where the function is declared. */
  readonly #functions = new Map<string, string | null>();

  constructor(known: Surroundings) {
    this.#known = known;
  }

  /** Frames first: what they tell of functions is used for the rest. */
  threads<T extends { readonly frames: readonly Frame[] }>(threads: readonly T[]): T[] {
    return threads.map((thread) => ({
      ...thread,
      frames: thread.frames.map((frame) => this.#code(frame)),
    }));
  }

  tasks(tasks: readonly Task[]): Task[] {
    return tasks.map((task) => {
      const { asks, holds } = task;
      return {
        ...this.#code(task),
        ...(asks !== undefined && { asks: this.#call(task, asks) }),
        ...(holds !== undefined && { holds: holds.map((one) => this.#call(task, one)) }),
      };
    });
  }

  timers(timers: readonly Timer[]): Timer[] {
    return timers.map((timer) => this.#named(timer));
  }

  handles(handles: readonly Handle[]): Handle[] {
    return handles.map((handle) =>
      handle.listeners === undefined
        ? handle
        : { ...handle, listeners: handle.listeners.map((one) => this.#named(one)) },
    );
  }

  samples(samples: readonly Sample[]): Sample[] {
    return samples.map((sample) => ({
      ...sample,
      threads: sample.threads.map((thread) => ({
        ...thread,
        frames: thread.frames.map((frame) => this.#named(frame)),
      })),
    }));
  }

  error(error: ErrorRecord, depth = 0): ErrorRecord {
    if (depth >= maxErrorDepth) return error;
    const { cause, errors, stack } = error;
    const originals = stack === undefined ? [] : this.#rows(stack);
    return {
      ...error,
      ...(originals.length > 0 && { originals }),
      ...(cause !== undefined && { cause: this.error(cause, depth + 1) }),
      ...(errors !== undefined && { errors: errors.map((one) => this.error(one, depth + 1)) }),
    };
  }

  #rows(stack: string): NonNullable<ErrorRecord['originals']> {
    return stack
      .split('\n')
      .slice(0, limits.maxFrames)
      .flatMap((text, row) => {
        const place = callPlaceOf(text);
        const original = place === null ? null : this.#traced(place);
        if (place === null || original === null) return [];
        const name = this.#functionByName(place.file, place.function);
        return [{ row, ...placeOf(original), ...(name !== undefined && { function: name }) }];
      });
  }

  /** A frame or a task. */
  #code<T extends Frame | Task>(compiled: T): T {
    const code = this.#withoutMinified(compiled);
    const traced = this.#traced(code);
    if (traced === null) return code;
    const name = this.#functionOf(code);
    const source = this.#excerpt(traced);
    const original: Original = {
      ...placeOf(traced),
      ...(name !== undefined && { function: name }),
      ...(source !== null && { source }),
    };
    const variables = this.#variablesOf(code);
    return {
      ...code,
      original,
      arguments: code.arguments.map((one) => rename(one, variables)),
      locals: code.locals.map((one) => rename(one, variables)),
    };
  }

  /**
   * Long lines are minified: what is a secret in them only the map's names could tell. What people read is the original; a part of a
   * long line beside it is left out.
   */
  #withoutMinified<T extends Frame | Task>(code: T): T {
    if (code.source?.length === undefined || !this.#known.maps.has(code.file ?? '')) return code;
    const rest = { ...code };
    delete rest.source;
    return rest;
  }

  #named<T extends CompiledPlace & { readonly function: string; readonly original?: Original }>(
    code: T,
  ): T {
    const traced = this.#traced(code);
    if (traced === null) return code;
    const name = this.#functionByName(code.file, code.function);
    return {
      ...code,
      original: { ...placeOf(traced), ...(name !== undefined && { function: name }) },
    };
  }

  #call({ file = '' }: Task, compiled: TaskCall): TaskCall {
    const { call, line, column } = compiled;
    const traced = this.#traced({ file, line, column });
    if (traced === null) return compiled;
    const text = this.#linesOf(traced)?.[traced.line - 1] ?? '';
    const written = callAt(text, traced.column, call);
    return {
      ...compiled,
      original: { ...placeOf(traced), ...(written !== null && { call: written }) },
    };
  }

  /** Null also for a place that the original does not have: then the map is wrong about it. */
  #traced({ file, line, column }: CompiledPlace): Traced | null {
    const map = file === undefined ? undefined : this.#known.maps.get(file);
    if (map === undefined || line === undefined) return null;
    const traced = tryTo(() => map.trace(line, column ?? 1));
    if (traced === null) return null;
    const text = this.#linesOf(traced);
    if (text === null) return traced;
    const length = text[traced.line - 1]?.length;
    return length === undefined || traced.column > length + 1 ? null : traced;
  }

  #excerpt(traced: Traced): Excerpt | null {
    const lines = this.#linesOf(traced);
    return excerptOf((number) => lines?.[number - 1], traced.line, traced.column);
  }

  #linesOf({ file, content }: Traced): readonly string[] | null {
    const text = content ?? this.#known.originalFiles.get(file);
    if (text === undefined) return null;
    let lines = this.#lines.get(file);
    if (lines === undefined) {
      lines = text.split(/\r?\n/);
      this.#lines.set(file, lines);
    }
    return lines;
  }

  #functionOf({ file, function: compiled, declared }: Frame | Task): string | undefined {
    const map = file === undefined ? undefined : this.#known.maps.get(file);
    if (map === undefined || declared === undefined) return this.#functionByName(file, compiled);
    const nameAt = ({ line, column }: Position): string | null =>
      tryTo(() => map.nameAt(line, column));
    const own = nameAt(declared);
    const owner = declared.class === undefined ? null : nameAt(declared.class);
    const name = functionName(compiled, own, declared.class === undefined ? undefined : owner);
    if (name !== undefined) {
      const key = `${file ?? ''}\0${compiled}`;
      const known = this.#functions.get(key);
      // Minifiers give the same name to many functions.
      this.#functions.set(key, known === undefined || known === name ? name : null);
    }
    return name;
  }

  #functionByName(file: string | undefined, name: string): string | undefined {
    return this.#functions.get(`${file ?? ''}\0${name}`) ?? undefined;
  }

  /** Names before compilation, by name. */
  #variablesOf({ file = '', declared }: Frame | Task): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    const map = this.#known.maps.get(file);
    if (map === undefined || declared === undefined) return names;
    for (const [name, places] of this.#known.declarations(file, declared)) {
      const originals = new Set(
        places.map(({ line, column }) => tryTo(() => map.nameAt(line, column))),
      );
      const [only] = originals;
      // Two blocks may have a variable of one name each: then nothing tells which one this is.
      if (originals.size === 1 && only !== undefined && only !== null) names.set(name, only);
    }
    return names;
  }
}

function placeOf({ file, line, column }: Traced): Pick<Traced, 'file' | 'line' | 'column'> {
  return { file, line, column };
}

function rename(variable: Variable, names: ReadonlyMap<string, string>): Variable {
  const original = names.get(variable.name);
  return original === undefined || original === variable.name
    ? variable
    : { ...variable, original };
}

/** The place in a line of error.stack. */
export function callPlaceOf(
  text: string,
): (Required<CompiledPlace> & { readonly function: string }) | null {
  const match = callSite.exec(text.slice(0, 4_096));
  const at = sitePosition.exec(match?.[2] ?? match?.[3] ?? '');
  if (match === null || at?.[1] === undefined) return null;
  return { function: match[1] ?? '', file: at[1], line: Number(at[2]), column: Number(at[3]) };
}

/** A part of a map may be wrong where the whole seemed right. */
function tryTo<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof MapProblem) return null;
    throw error;
  }
}
