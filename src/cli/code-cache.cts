/**
 * Loads the bundled command (test/bundle.mjs), and keeps what V8 has compiled of it (V8 calls that a code cache) beside the other cache
 * files: the next start compiles nothing of it again. Node's own such cache, module.enableCompileCache(), is not in Node.js 20, and keeps
 * only what the first run used; ES modules can have none but that.
 *
 * V8 looks at the version, the flags and the length of the source, and believes the rest: one changed byte is a crash. So each file
 * names what it is for, in full, and carries a checksum.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import {
  inCacheDirectory,
  keepNewest,
  readOwnFile,
  replaceFile,
} from '../reader/memory/cache-directory.cts';

const part = 'code';
/** A dump loads ten of the bundle's files, for which V8 has 1.2 MB. */
const maxFiles = 128;
const maxBytes = 8 << 20;
/** What a run compiled besides is kept, too, so often: later runs take other ways through the same code, other commands most of all. */
const timesWritten = 5;

interface Module {
  exports: unknown;
}
type ModuleFunction = (
  exports: unknown,
  require: (name: string) => unknown,
  module: Module,
  file: string,
  directory: string,
) => void;

/** What is known of one file's code. */
interface Compiled {
  readonly script: Script;
  readonly key: string;
  /** How often it has been kept; 0: not yet. */
  readonly written: number;
}

/** @param file of the bundle. @returns what it exports */
export function requireBundled(file: string): unknown {
  return new Bundle(dirname(file)).load(basename(file));
}

/** The files of one directory, which name each other by `./name.cjs`. */
class Bundle {
  readonly #directory: string;
  readonly #modules = new Map<string, Module>();
  readonly #compiled: Compiled[] = [];
  readonly #requireOther: NodeJS.Require;
  readonly #runner = describeRunner();

  constructor(directory: string) {
    this.#directory = directory;
    this.#requireOther = createRequire(join(directory, 'any.cjs'));
    process.on('exit', () => {
      this.#keep();
    });
  }

  load(name: string): unknown {
    const loaded = this.#modules.get(name);
    if (loaded !== undefined) return loaded.exports;
    const module: Module = { exports: {} };
    this.#modules.set(name, module);
    const file = join(this.#directory, name);
    const run = this.#compile(file).runInThisContext() as ModuleFunction;
    run(module.exports, (asked) => this.#require(asked), module, file, this.#directory);
    return module.exports;
  }

  #require(name: string): unknown {
    return name.startsWith('./') ? this.load(name.slice(2)) : this.#requireOther(name);
  }

  #compile(filename: string): Script {
    const bytes = readFileSync(filename);
    const key = JSON.stringify([filename, bytes.length, crc32(bytes), ...this.#runner]);
    // The bundle is written in ASCII.
    const source = `(function (exports, require, module, __filename, __dirname) {${bytes.toString('latin1')}\n})`;
    const kept = readKept(key);
    const script = new Script(source, { filename, ...(kept && { cachedData: kept.data }) });
    const written = kept === null || script.cachedDataRejected === true ? 0 : kept.written;
    this.#compiled.push({ script, key, written });
    return script;
  }

  /** At the end, when V8 has compiled what was used. */
  #keep(): void {
    const fresh = this.#compiled.filter(({ written }) => written < timesWritten);
    if (fresh.length === 0) return;
    inCacheDirectory(part, (directory) => {
      for (const { script, key, written } of fresh) {
        const data = script.createCachedData();
        const head = JSON.stringify({ key, crc32: crc32(data), written: written + 1 });
        if (data.length + head.length < maxBytes)
          replaceFile(directory, nameOf(key), [Buffer.from(`${head}\n`), data]);
      }
      keepNewest(directory, maxFiles);
      return null;
    });
  }
}

/** Who compiles: with other flags, or of another build, V8 makes other code. */
function describeRunner(): readonly unknown[] {
  const { version, execPath, execArgv } = process;
  const { dev, ino, size, mtimeMs } = statSync(execPath);
  const options = process.env['NODE_OPTIONS'] ?? '';
  return [version, execPath, dev, ino, size, mtimeMs, execArgv, options];
}

/** @returns null when there is none */
function readKept(key: string): { readonly data: Buffer; readonly written: number } | null {
  return inCacheDirectory(part, (directory) => {
    const file = join(directory, nameOf(key));
    const bytes = readOwnFile(file, maxBytes);
    const kept = bytes === null ? null : parseKept(bytes, key);
    if (kept === null) rmSync(file, { force: true });
    return kept;
  });
}

function parseKept(bytes: Buffer, key: string): { data: Buffer; written: number } | null {
  const end = bytes.indexOf('\n');
  const data = bytes.subarray(end + 1);
  const head = JSON.parse(bytes.toString('utf8', 0, end)) as {
    readonly key: unknown;
    readonly crc32: unknown;
    readonly written: number;
  };
  return head.key === key && head.crc32 === crc32(data) ? { data, written: head.written } : null;
}

function nameOf(key: string): string {
  return `${crc32(key).toString(16)}.code`;
}
