/**
 * Reads a core file as a live process is read: the same threads, frames and values. There is no clock in it (how long it
 * has been so is not known), nothing can be stepped (values that only registers of optimised code hold are lost), and
 * thread names, open files and the working directory are not in it.
 */
import { constants } from 'node:os';
import { limits } from '../limits.ts';
import type { Missing, Task } from '../report/schema.ts';
import { loadBinary, readLoopPointer } from './find-program.ts';
import { saveLearned } from './layout/learned.ts';
import { prepareActivity, readActivity } from './loop/activity.ts';
import { type MainLoop, readMainLoop } from './loop/event-loop.ts';
import { CoreMemory } from './memory/core.ts';
import { notACore } from './memory/core-file.ts';
import type { CoreThread, SignalDetail } from './memory/core-notes.ts';
import { readKernelVersion } from './memory/kernel-version.ts';
import { PagedMemory } from './memory/paged.ts';
import type { RegisterCall } from './memory/registers.ts';
import { type Address, UnreadableMemory } from './memory/source.ts';
import { uvLibrary } from './memory/symbol-file.ts';
import { readArguments, readText } from './memory/stack-top.ts';
import { NativeModules } from './native-frames/native-module.ts';
import { readNativeThreads, readThreads } from './read-threads.ts';
import type { LoopActivity, ReadScripts, ThreadReading } from './reading.ts';
import { Program } from './target.ts';
import { findIsolates } from './tasks/isolates.ts';
import { readTasks } from './tasks/read-tasks.ts';

export interface ReadCoreOptions {
  /** The node binary, when it is not where the core says. */
  readonly node?: string;
  /** Total time the reader may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** The signal that ended the process. */
export interface CoreSignal {
  /** Such as `SIGSEGV`. */
  readonly name: string;
  readonly tid: number;
  /** What the kernel says of it; null when the core does not tell. */
  readonly detail: SignalDetail | null;
}

/** A system call, with the strings its arguments point to. */
export interface CoreCall extends RegisterCall {
  /** By address. Only those that can be read. */
  readonly texts: ReadonlyMap<number, string>;
}

/** One thread of the core, with or without JavaScript. */
export interface CoreThreadReading {
  readonly tid: number;
  /** Null: it ran its own code. */
  readonly call: CoreCall | null;
  readonly cpuMs: number | null;
  /** Null: the thread has no isolate, or the binary is missing. */
  readonly reading: ThreadReading | null;
}

export interface CoreReading {
  readonly pid: number;
  /** The kernel's name of the process, at most 15 characters. */
  readonly name: string;
  /** Null: not known. Its first 80 characters, split at spaces, when the stack does not tell. */
  readonly argv: readonly string[] | null;
  readonly execPath: string | null;
  readonly nodeVersion: string | null;
  /** Null: the node binary is missing, and with it all JavaScript; `missing` says why. */
  readonly v8Version: string | null;
  /** Version of Linux it ran on, such as `6.1.0`; null: not in the core. */
  readonly kernel: string | null;
  readonly signal: CoreSignal | null;
  readonly threads: readonly CoreThreadReading[];
  /** Suspended async functions. */
  readonly tasks: readonly Task[];
  readonly loop: Omit<MainLoop, 'turnedAtMs'> | null;
  /** What the event loops hold; null when the node binary is missing. Timers are told from the loop's last turn on. */
  readonly activity: LoopActivity | null;
  /** The program's scripts that frames, tasks and callbacks are in, by name. */
  readonly scripts: ReadScripts;
  readonly writtenBy: 'debugger' | 'kernel';
  readonly sizeBytes: number;
  /** When the file was last written, milliseconds since 1970. A copy has its own time. */
  readonly modifiedAtMs: number;
  readonly missing: readonly Missing[];
}

/** Signals that a program dies of. Debuggers also note those they stopped it with (SIGSTOP, SIGTRAP). */
const deadly: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGQUIT',
  'SIGSEGV',
  'SIGSYS',
  'SIGXCPU',
  'SIGXFSZ',
]);

/**
 * Reads a core.
 * @throws SleeperError ERR_SLEEPER_NOT_A_CORE, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_WRONG_NODE, ERR_SLEEPER_UNSUPPORTED_NODE
 */
export function readCore(path: string, options: ReadCoreOptions): CoreReading {
  const endsAtMs = performance.now() + options.deadlineMs;
  const { node } = options;
  const core = new CoreMemory(path, { endsAtMs, ...(node !== undefined && { node }) });
  try {
    if (core.notes.threads.length === 0)
      throw notACore(
        path,
        core.file.missing.length > 0
          ? 'it was cut off before its notes, which tell the threads and their registers (gcore writes them last)'
          : 'it tells of no thread',
      );
    const reading = new CoreReader(core, endsAtMs).read();
    saveLearned();
    return reading;
  } finally {
    core.close();
  }
}

class CoreReader {
  readonly #core: CoreMemory;
  readonly #memory: PagedMemory;
  readonly #endsAtMs: number;

  constructor(core: CoreMemory, endsAtMs: number) {
    this.#core = core;
    this.#endsAtMs = endsAtMs;
    this.#memory = new PagedMemory(core, limits.maxCorePages);
  }

  read(): CoreReading {
    const { notes, file, executable } = this.#core;
    const pid = notes.process?.pid ?? notes.threads[0]?.tid ?? 0;
    const program = this.#openProgram(pid);
    const javascript = program === null ? [] : this.#readJavaScript(program);
    const byTid = new Map(javascript.map((thread) => [thread.tid, thread]));
    const tasks = program === null ? [] : this.#readTasks(program, javascript);
    const loop = program && readMainLoop(program, this.#memory, this.#core.mappings);
    program?.keptNames.save();
    return {
      pid,
      name: notes.process?.name ?? '',
      argv: this.#readArguments(),
      execPath: executable?.mappedPath ?? null,
      nodeVersion: program && program.readVersion(this.#memory, this.#core.mappings),
      v8Version: program && program.binary.v8Version,
      kernel: readKernelVersion(this.#memory, notes.auxiliary),
      signal: signalOf(notes.threads[0], notes.writtenBy),
      threads: notes.threads.map(({ tid, call, cpuMs }) => ({
        tid,
        call: call === null ? null : this.#withTexts(call),
        cpuMs,
        reading: byTid.get(tid) ?? null,
      })),
      tasks,
      loop,
      activity: program && this.#readActivity(program, javascript),
      scripts: program?.scripts.own ?? new Map(),
      writtenBy: notes.writtenBy,
      sizeBytes: file.sizeBytes,
      modifiedAtMs: file.modifiedAtMs,
      missing: this.#core.missing,
    };
  }

  #openProgram(pid: number): Program | null {
    const { executable, missing } = this.#core;
    const { file, mappedPath } = executable ?? {};
    if (file == null || mappedPath === undefined) {
      missing.push({
        what: 'reader',
        reason: `${executable?.reason ?? 'unreadable: the core does not name the program file'}; name the binary with --node FILE`,
      });
      return null;
    }
    const program = new Program(pid, {
      binary: loadBinary(file.key, file.path),
      mappedPath,
      loopPointer: findLoopPointer(this.#core),
    });
    program.nativeModules = new NativeModules(this.#core, ({ path }) =>
      path === mappedPath ? [file.path] : [path],
    );
    missing.push(...program.missing);
    return program;
  }

  #readJavaScript(program: Program): ThreadReading[] {
    const { notes, mappings, missing } = this.#core;
    const scene = { target: program, memory: this.#memory, mappings, endsAtMs: this.#endsAtMs };
    const threads = readThreads(
      scene,
      notes.threads.map(({ tid, registers }) => ({ tid, registers })),
    );
    if (!threads.some(({ tid }) => tid === program.pid))
      missing.push({
        what: 'stack of the main thread',
        reason:
          'unreadable: its isolate is not in the core, or it had none (before its start, after its end)',
      });
    const others = notes.threads.filter((one) => !threads.some(({ tid }) => tid === one.tid));
    return [...threads, ...readNativeThreads(scene, others)];
  }

  #readTasks(program: Program, javascript: readonly ThreadReading[]): readonly Task[] {
    const { notes, mappings, missing } = this.#core;
    const owners = javascript.filter(({ kind }) => kind !== 'native').map(({ tid }) => tid);
    const threads = notes.threads
      .filter(({ tid }) => owners.includes(tid))
      .map(({ tid, registers: { fsBase } }) => ({ tid, fsBase }));
    const leftMs = this.#endsAtMs - performance.now();
    const plan = {
      target: program,
      source: this.#core,
      mayStop: false,
      mappings,
      isolates: findIsolates(program, this.#core, mappings, threads),
      // What comes after must not be lost to it.
      endsAtMs: performance.now() + Math.min(limits.tasksMs, leftMs / 2),
    };
    return readTasks(plan, missing).tasks;
  }

  #readActivity(program: Program, javascript: readonly ThreadReading[]): LoopActivity {
    const { notes, mappings, missing } = this.#core;
    const subject = {
      program,
      loadBias: program.codeSpace(mappings).loadBias,
      readAgain: () => this.#memory,
      isLive: false,
      withValues: true,
    };
    const moment = {
      memory: this.#memory,
      threads: notes.threads.map(({ tid, registers: { rsp, fsBase } }) => ({ tid, rsp, fsBase })),
    };
    const workers = javascript.filter(({ kind }) => kind === 'worker').map(({ tid }) => tid);
    const prepared = prepareActivity(subject, moment, workers);
    const reading = readActivity(subject, prepared, moment, this.#endsAtMs);
    missing.push(...reading.missing);
    return reading.activity;
  }

  #readArguments(): string[] | null {
    const { process, auxiliary } = this.#core.notes;
    const argv = readArguments(this.#memory, auxiliary);
    if (argv !== null || process === null || process.command === '') return argv;
    this.#core.missing.push({
      what: 'whole command line',
      reason: 'unreadable: only its first 80 characters stand in the core, without quotes',
    });
    return process.command.split(' ');
  }

  #withTexts(call: RegisterCall): CoreCall {
    const texts = new Map<number, string>();
    for (const word of call.arguments) {
      const address = Number(word);
      try {
        if (this.#memory.isReadable(address)) texts.set(address, readText(this.#memory, address));
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) throw error;
      }
    }
    return { ...call, texts };
  }
}

/** libuv's pointer to its main loop where libuv is a library of its own; null: it is not, or the library is missing. */
function findLoopPointer(core: CoreMemory): Address | null {
  const library = core.openMapped(uvLibrary);
  return library === null ? null : readLoopPointer(library.file.path, library.start);
}

/** Both writers put the thread that got the signal first. */
function signalOf(
  thread: CoreThread | undefined,
  writtenBy: 'debugger' | 'kernel',
): CoreSignal | null {
  if (thread === undefined || thread.signal === 0) return null;
  const named = Object.entries(constants.signals).find(([, number]) => number === thread.signal);
  const name = named?.[0] ?? `signal ${thread.signal}`;
  if (writtenBy === 'debugger' && !deadly.has(name)) return null;
  const { tid, signalDetail } = thread;
  return { name, tid, detail: signalDetail?.signal === thread.signal ? signalDetail : null };
}
