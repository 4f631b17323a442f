/** A live process the reader was pointed at: its binary, its layout, its map, and what is kept between looks. */
import { SleeperError } from '../errors.ts';
import { limits } from '../limits.ts';
import { CodeSpace } from './frames/code-space.ts';
import { type NodeBinary, readNodeBinary } from './layout/node-binary.ts';
import { resolveLayout, type V8Layout } from './layout/resolve.ts';
import { LiveMemory } from './memory/live.ts';
import { type Mapping, readMaps } from './memory/maps.ts';
import { PagedMemory } from './memory/paged.ts';
import { readExecutablePath, readThreadIds, readTracerPid } from './memory/process-files.ts';
import { UnreadableMemory } from './memory/source.ts';
import { ScriptCache } from './scripts.ts';

/** Binaries are large and processes share them: by device, inode and time of change. */
const binaries = new Map<string, NodeBinary>();

export class Target {
  readonly pid: number;
  readonly binary: NodeBinary;
  readonly layout: V8Layout;
  readonly scripts: ScriptCache;
  readonly #mappedPath: string;

  /** @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_ATTACH_DENIED, ERR_SLEEPER_UNSUPPORTED_NODE */
  constructor(pid: number) {
    this.pid = pid;
    const executable = `/proc/${pid}/exe`;
    try {
      this.#mappedPath = readExecutablePath(pid);
      let binary = binaries.get(this.#mappedPath);
      if (binary === undefined) {
        binary = readNodeBinary(executable);
        binaries.set(this.#mappedPath, binary);
      }
      this.binary = binary;
    } catch (error) {
      throw explainOpenFailure(pid, error);
    }
    this.layout = resolveLayout(this.binary);
    this.scripts = new ScriptCache(this.binary.v8Version);
  }

  /** The memory map as it is now. */
  readMappings(): Mapping[] {
    try {
      return readMaps(this.pid);
    } catch (error) {
      throw explainOpenFailure(this.pid, error);
    }
  }

  codeSpace(mappings: readonly Mapping[]): CodeSpace {
    return new CodeSpace(this.binary, mappings, this.#mappedPath);
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
    if (this.binary.nodeMetadata === null) return null;
    const memory = new PagedMemory(new LiveMemory(this.pid));
    try {
      // std::string of libstdc++: pointer to the characters, length.
      const text = this.binary.nodeMetadata + this.codeSpace(this.readMappings()).loadBias;
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
      `Cannot look into process ${pid}: the kernel refused (${code}). It belongs to another user.`,
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
