/** A process the reader was pointed at: its binary, its layout, and what is kept between looks; live, also its map. */
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Missing } from '../report/schema.ts';
import { CodeSpace } from './frames/code-space.ts';
import { type FoundProgram, findProgram } from './find-program.ts';
import type { NodeBinary } from './layout/node-binary.ts';
import { resolveLayout, type V8Layout } from './layout/resolve.ts';
import { LiveMemory } from './memory/live.ts';
import { type Mapping, readMaps } from './memory/maps.ts';
import { PagedMemory } from './memory/paged.ts';
import { readThreadIds, readTracerPid, whyRefused } from './memory/process-files.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import { livePlaces } from './memory/symbol-file.ts';
import { KeptNames } from './names/kept-names.ts';
import { NativeModules } from './native-frames/native-module.ts';
import { ScriptCache } from './scripts.ts';
import type { WasmModules } from './wasm/wasm-frames.ts';

/** Begins what is missing in the readings of a V8 that no rows were made for. */
export const inexactTables = 'exact tables for V8';

/** What a process runs, the same whether its memory is live or a core: all that decoding needs besides the memory. */
export class Program {
  readonly pid: number;
  readonly binary: NodeBinary;
  /** Address of libuv's pointer to its main loop, when libuv is a library of its own. */
  readonly loopPointer: Address | null;
  readonly layout: V8Layout;
  readonly keptNames: KeptNames;
  readonly scripts: ScriptCache;
  readonly wasmModules: WasmModules = new Map();
  /** Where C++ frames are looked up; null: they are not. */
  nativeModules: NativeModules | null = null;
  readonly #mappedPath: string;

  /**
   * @throws SleeperError ERR_SLEEPER_UNSUPPORTED_NODE
   */
  constructor(pid: number, { binary, mappedPath, loopPointer }: FoundProgram) {
    this.pid = pid;
    this.binary = binary;
    this.loopPointer = loopPointer;
    this.#mappedPath = mappedPath;
    this.layout = resolveLayout(binary);
    this.keptNames = new KeptNames(binary.identity);
    this.scripts = new ScriptCache(binary.v8Version, this.keptNames);
  }

  /** What readings of this binary lack, whatever the process does. */
  get missing(): Missing[] {
    const { isStripped, v8Version, path } = this.binary;
    const missing: Missing[] = [];
    if (!this.layout.isExact)
      missing.push({
        what: `${inexactTables} ${v8Version}`,
        reason: `not-supported: those of V8 ${this.layout.version} were used, what they show is likely, not certain`,
      });
    if (isStripped)
      missing.push({
        what: 'symbols of the program',
        reason: `not-supported: ${path} is stripped; C++ functions it does not export have no names, and the thread pool, sizes of the heap and callbacks of timers may be missing`,
      });
    return missing;
  }

  codeSpace(mappings: readonly Mapping[]): CodeSpace {
    return new CodeSpace(this.binary, mappings, this.#mappedPath);
  }

  /** Such as `v20.20.2`, from the memory of the process; null when it cannot be read. */
  readVersion(memory: PagedMemory, mappings: readonly Mapping[]): string | null {
    if (this.binary.nodeMetadata === null) return null;
    try {
      // std::string of libstdc++: pointer to the characters, length.
      const text = this.binary.nodeMetadata + this.codeSpace(mappings).loadBias;
      const length = memory.u64(text + 8);
      if (length > 40) return null;
      const version = memory.bytes(memory.u64(text), length).toString('latin1');
      return /^\d+\.\d+\.\d+/.test(version) ? `v${version}` : null;
    } catch (error) {
      if (error instanceof UnreadableMemory) return null;
      throw error;
    }
  }
}

/** A live process. */
export class Target extends Program {
  /** @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_ATTACH_DENIED, ERR_SLEEPER_UNSUPPORTED_NODE */
  constructor(pid: number) {
    super(pid, findRunningProgram(pid));
    this.nativeModules = new NativeModules(new LiveMemory(pid), livePlaces(pid));
  }

  /** The memory map as it is now. */
  readMappings(): Mapping[] {
    try {
      return readMaps(this.pid);
    } catch (error) {
      throw explainOpenFailure(this.pid, error);
    }
  }

  /** Thread ids, at most limits.maxThreads. */
  listThreads(): number[] {
    try {
      return readThreadIds(this.pid).slice(0, limits.maxThreads);
    } catch (error) {
      throw explainOpenFailure(this.pid, error);
    }
  }

  /** pid of the tracer that holds the process; 0: none. */
  tracerPid(): number {
    return readTracerPid(this.pid);
  }

  /** Such as `v20.20.2`, from the running process; null when it cannot be read. */
  readNodeVersion(): string | null {
    return this.readVersion(new PagedMemory(new LiveMemory(this.pid)), this.readMappings());
  }
}

function findRunningProgram(pid: number): FoundProgram {
  try {
    return findProgram(pid);
  } catch (error) {
    throw explainOpenFailure(pid, error);
  }
}

function explainOpenFailure(pid: number, error: unknown): unknown {
  if (error instanceof SleeperError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const isAlive = exists(pid);
  if ((code === 'ENOENT' || code === 'ESRCH') && !isAlive)
    return new SleeperError(
      'ERR_SLEEPER_NO_SUCH_PROCESS',
      `There is no process ${pid}.`,
      { pid },
      { cause: error },
    );
  if (code === 'ENOENT' || code === 'ESRCH')
    return new SleeperError(
      'ERR_SLEEPER_NOT_NODE',
      `Process ${pid} has no program file (a kernel thread or a zombie).`,
      { pid },
      { cause: error },
    );
  if (code === 'EACCES' || code === 'EPERM')
    return new SleeperError(
      'ERR_SLEEPER_ATTACH_DENIED',
      `Cannot look into process ${pid}: the kernel refused (${code}). ${whyRefused(pid)}`,
      { pid },
      { cause: error },
    );
  return error;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
