/**
 * What one node binary tells about itself, read once from the file: V8's post-mortem constants (`v8dbg_*`), the
 * embedded builtins by address, the handful of C++ symbols the reader starts from.
 *
 * Sources: V8 tools/gen-postmortem-metadata.py (`v8dbg_*`, exported on purpose for debuggers), the symbol table of the
 * official builds, which are not stripped. A stripped binary has neither builtins nor TLS symbol and is refused.
 */
import { SleeperError } from '../../errors.ts';
import { heapSymbolNames } from '../heap/sizes.ts';
import { type LoopSymbols, loopSymbolNames, pickLoopSymbols } from '../loop/symbols.ts';
import { ElfFile, type ElfSymbol } from '../memory/elf.ts';
import type { Address } from '../memory/source.ts';

/** One embedded builtin, [start, end), at addresses of the file. */
export interface Builtin {
  readonly name: string;
  readonly start: Address;
  readonly end: Address;
}

export interface NodeBinary {
  readonly path: string;
  readonly isRelocatable: boolean;
  /** `11.3.244` and its first two numbers. */
  readonly v8Version: string;
  readonly v8MajorMinor: readonly [number, number];
  /** `v8dbg_*` constants, without the prefix. */
  readonly debugConstants: ReadonlyMap<string, number>;
  /** Sorted by start. */
  readonly builtins: readonly Builtin[];
  /** Distance from the thread pointer down to g_current_isolate_, or null (Node 18 keeps it under a pthread key). */
  readonly isolateTlsDistance: number | null;
  /** Address of Isolate::isolate_key_ where the isolate is kept under a pthread key. */
  readonly isolateKeyAddress: Address | null;
  /** Address of libuv's pointer to its default loop. */
  readonly defaultLoopPointer: Address | null;
  /** What reading the sizes of the heap starts from. */
  readonly heapSymbols: ReadonlyMap<string, ElfSymbol>;
  /** What reading the event loop starts from. */
  readonly loopSymbols: LoopSymbols;
  /** Address of node::per_process::metadata, whose first member is the std::string of Node's version. */
  readonly nodeMetadata: Address | null;
  /** Machine code of Builtins_JSEntry: the offsets of Isolate fields are read off it. */
  readonly jsEntryCode: Buffer;
  /** Length of each bytecode for operand scales 1, 2 and 4, one table behind the other. */
  readonly bytecodeSizes: Buffer;
  /** Loadable segments, to translate mapped addresses to addresses of the file. */
  readonly segments: readonly {
    address: Address;
    fileOffset: number;
    fileBytes: number;
    isExecutable: boolean;
  }[];
}

const debugPrefix = 'v8dbg_';
const builtinPrefix = 'Builtins_';
const currentIsolate = '_ZN2v88internal18g_current_isolate_E';
const isolateKey = '_ZN2v88internal7Isolate12isolate_key_E';
const versionField = (field: string) => `_ZN2v88internal7Version${field}E`;
const versionFields = ['6major_', '6minor_', '6build_', '6patch_'].map(versionField);
const bytecodeSizesSymbol = '_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE';
const defaultLoop = 'default_loop_ptr';
const nodeMetadata = '_ZN4node11per_process8metadataE';
const executableFlag = 1;

/**
 * Reads the metadata of a node binary; about 0.1 s.
 * @param path a path that can be opened, such as `/proc/PID/exe`
 * @throws SleeperError ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_UNSUPPORTED_NODE (stripped); the system's error
 */
export function readNodeBinary(path: string): NodeBinary {
  const elf = new ElfFile(path);
  try {
    const symbols = elf.readSymbols([
      debugPrefix,
      builtinPrefix,
      currentIsolate,
      isolateKey,
      bytecodeSizesSymbol,
      defaultLoop,
      nodeMetadata,
      ...versionFields,
      ...loopSymbolNames,
      ...heapSymbolNames,
    ]);
    const debugConstants = readDebugConstants(elf, symbols);
    if (debugConstants.size === 0)
      throw new SleeperError(
        'ERR_SLEEPER_NOT_NODE',
        `${path} holds no V8: it is not a node binary.`,
        { path },
      );
    const [major = 0, minor = 0, build = 0] = versionFields.map(
      (name) => readInt(elf, symbols.get(name)) ?? 0,
    );
    const jsEntry = symbols.get(`${builtinPrefix}JSEntry`);
    const sizes = symbols.get(bytecodeSizesSymbol);
    const jsEntryCode = jsEntry && elf.readAddress(jsEntry.value, Math.min(jsEntry.size, 512));
    const bytecodeSizes = sizes && elf.readAddress(sizes.value, sizes.size);
    if (!jsEntryCode || !bytecodeSizes)
      throw new SleeperError(
        'ERR_SLEEPER_UNSUPPORTED_NODE',
        `${path} (V8 ${major}.${minor}) is stripped: its embedded builtins have no names.`,
        { path },
      );
    return {
      path,
      isRelocatable: elf.isRelocatable,
      v8Version: `${major}.${minor}.${build}`,
      v8MajorMinor: [major, minor],
      debugConstants,
      builtins: collectBuiltins(symbols),
      isolateTlsDistance: tlsDistance(elf, symbols.get(currentIsolate)),
      isolateKeyAddress: symbols.get(isolateKey)?.value ?? null,
      defaultLoopPointer: symbols.get(defaultLoop)?.value ?? null,
      loopSymbols: pickLoopSymbols(symbols),
      heapSymbols: new Map([...symbols].filter(([name]) => heapSymbolNames.includes(name))),
      nodeMetadata: symbols.get(nodeMetadata)?.value ?? null,
      jsEntryCode,
      bytecodeSizes,
      segments: elf.loadSegments.map(({ address, fileOffset, fileBytes, flags }) => ({
        address,
        fileOffset,
        fileBytes,
        isExecutable: (flags & executableFlag) !== 0,
      })),
    };
  } finally {
    elf.close();
  }
}

/** The builtin that holds an address of the file. */
export function findBuiltin(binary: NodeBinary, address: Address): Builtin | null {
  let low = 0;
  let high = binary.builtins.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const builtin = binary.builtins[middle];
    if (builtin === undefined) return null;
    if (address < builtin.start) high = middle - 1;
    else if (address >= builtin.end) low = middle + 1;
    else return builtin;
  }
  return null;
}

function readDebugConstants(
  elf: ElfFile,
  symbols: ReadonlyMap<string, ElfSymbol>,
): Map<string, number> {
  const constants = new Map<string, number>();
  for (const [name, symbol] of symbols) {
    if (!name.startsWith(debugPrefix)) continue;
    const value = readInt(elf, symbol);
    if (value !== null) constants.set(name.slice(debugPrefix.length), value);
  }
  return constants;
}

function readInt(elf: ElfFile, symbol: ElfSymbol | undefined): number | null {
  if (symbol === undefined) return null;
  // A constant in .bss (value 0) has no bytes in the file.
  return elf.readAddress(symbol.value, 4)?.readInt32LE(0) ?? 0;
}

function collectBuiltins(symbols: ReadonlyMap<string, ElfSymbol>): Builtin[] {
  const builtins: Builtin[] = [];
  for (const [name, { value, size }] of symbols)
    if (name.startsWith(builtinPrefix))
      builtins.push({ name: name.slice(builtinPrefix.length), start: value, end: value + size });
  return builtins.sort((a, b) => a.start - b.start);
}

/** x86-64 TLS variant II: the block of the executable ends at the thread pointer, aligned. */
function tlsDistance(elf: ElfFile, symbol: ElfSymbol | undefined): number | null {
  const tls = elf.tls;
  if (symbol === undefined || tls === undefined) return null;
  const alignment = Math.max(tls.alignment, 1);
  return Math.ceil(tls.memoryBytes / alignment) * alignment - symbol.value;
}
