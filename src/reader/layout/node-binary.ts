/**
 * What one node binary tells about itself, read once from the file: V8's post-mortem constants (`v8dbg_*`), the
 * embedded builtins by address, the handful of C++ symbols the reader starts from.
 *
 * Sources: V8 tools/gen-postmortem-metadata.py (`v8dbg_*`, exported on purpose for debuggers), the symbol table of the
 * official builds, which are not stripped. What a stripped binary lacks is found by its looks (embedded-blob.ts) where V8's
 * version is a known one.
 */
import { SleeperError } from '../../errors.ts';
import { heapSymbolNames } from '../heap/sizes.ts';
import { type LoopSymbols, loopSymbolNames, pickLoopSymbols } from '../loop/symbols.ts';
import { bytecodeSizesOf } from './builtin-names.ts';
import { type KnownV8Version, knownV8Versions } from './constants.ts';
import { findEmbeddedBuiltins, holdsConstant } from './embedded-blob.ts';
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
  /** As ElfFile.identity. */
  readonly identity: string;
  readonly isRelocatable: boolean;
  /** True: it has no symbols but those it exports. */
  readonly isStripped: boolean;
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
  /** Address of V8's pointer to its WasmCodeManager. */
  readonly wasmState: Address | null;
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
const defaultLoopFunction = 'uv_default_loop';
/** Bytes of it up to and with its first instruction that touches the pointer. */
const defaultLoopCodeBytes = 24;
const wasmState = '_ZN2v88internal4wasm12_GLOBAL__N_117global_wasm_stateE';
const nodeMetadata = '_ZN4node11per_process8metadataE';
const executableFlag = 1;
const maxEntryBytes = 512;

/**
 * Reads the metadata of a node binary; about 0.1 s.
 * @param path a path that can be opened, such as `/proc/PID/exe`
 * @throws SleeperError ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_UNSUPPORTED_NODE (stripped); the system's error
 */
export function readNodeBinary(path: string): NodeBinary {
  const elf = new ElfFile(path);
  try {
    if (elf.interpreter?.includes('ld-musl') === true) throw usesMusl(path);
    const symbols = elf.readSymbols([
      debugPrefix,
      builtinPrefix,
      currentIsolate,
      isolateKey,
      bytecodeSizesSymbol,
      defaultLoop,
      defaultLoopFunction,
      nodeMetadata,
      wasmState,
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
    const v8MajorMinor = [major, minor] as const;
    const code = readBuiltins(elf, symbols, v8MajorMinor);
    if (code === null)
      throw new SleeperError(
        'ERR_SLEEPER_UNSUPPORTED_NODE',
        `${path} (V8 ${major}.${minor}) is stripped: its embedded builtins have no names, and they are not those of a build that is known.`,
        { path },
      );
    return {
      path,
      identity: elf.identity,
      isRelocatable: elf.isRelocatable,
      v8Version: `${major}.${minor}.${build}`,
      v8MajorMinor,
      ...code,
      debugConstants,
      isolateTlsDistance: tlsDistance(elf, symbols.get(currentIsolate)),
      isolateKeyAddress: symbols.get(isolateKey)?.value ?? null,
      defaultLoopPointer:
        symbols.get(defaultLoop)?.value ??
        pointerInDefaultLoop(elf, symbols.get(defaultLoopFunction)),
      loopSymbols: pickLoopSymbols(symbols),
      heapSymbols: new Map([...symbols].filter(([name]) => heapSymbolNames.includes(name))),
      nodeMetadata: symbols.get(nodeMetadata)?.value ?? null,
      wasmState: symbols.get(wasmState)?.value ?? null,
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

/** What the reader knows of threads (their keys, stacks and locks) is glibc's. */
export function usesMusl(path: string): SleeperError {
  return new SleeperError(
    'ERR_SLEEPER_UNSUPPORTED_NODE',
    `${path} runs on musl (Alpine); threads are known as glibc keeps them.`,
    { path },
  );
}

/** Address of the file of libuv's pointer to its main loop, from the code of uv_default_loop(); null: not found. */
export function readDefaultLoopPointer(elf: ElfFile): Address | null {
  return pointerInDefaultLoop(elf, elf.readSymbols([defaultLoopFunction]).get(defaultLoopFunction));
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

interface BuiltinCode extends Pick<NodeBinary, 'builtins' | 'jsEntryCode' | 'bytecodeSizes'> {
  readonly isStripped: boolean;
}

/** @returns null when they have no names and cannot be known otherwise */
function readBuiltins(
  elf: ElfFile,
  symbols: ReadonlyMap<string, ElfSymbol>,
  v8: readonly [number, number],
): BuiltinCode | null {
  let builtins = collectBuiltins(symbols);
  const isStripped = builtins.length === 0;
  const version = v8.join('.');
  const known = version in knownV8Versions ? (version as KnownV8Version) : null;
  if (isStripped) builtins = (known && findEmbeddedBuiltins(elf, known)) ?? [];
  const jsEntry = builtins.find(({ name }) => name === 'JSEntry');
  if (jsEntry === undefined) return null;
  const length = Math.min(jsEntry.end - jsEntry.start, maxEntryBytes);
  const jsEntryCode = elf.readAddress(jsEntry.start, length);
  const bytecodeSizes = readBytecodeSizes(elf, symbols.get(bytecodeSizesSymbol), known);
  if (jsEntryCode === null || bytecodeSizes === null) return null;
  return { isStripped, builtins, jsEntryCode, bytecodeSizes };
}

function readBytecodeSizes(
  elf: ElfFile,
  symbol: ElfSymbol | undefined,
  version: KnownV8Version | null,
): Buffer | null {
  if (symbol !== undefined) return elf.readAddress(symbol.value, symbol.size);
  const sizes = version === null ? null : bytecodeSizesOf(version);
  return sizes !== null && holdsConstant(elf, sizes) ? sizes : null;
}

/** What the first `mov disp32(%rip), reg64` or `cmpq $0, disp32(%rip)` of uv_default_loop() refers to. */
function pointerInDefaultLoop(elf: ElfFile, symbol: ElfSymbol | undefined): Address | null {
  if (symbol === undefined) return null;
  const code = elf.readAddress(symbol.value, defaultLoopCodeBytes);
  for (let at = 0; code !== null && at + 8 <= code.length; at++) {
    const [prefix = 0, opcode = 0, operands = 0] = code.subarray(at, at + 3);
    const isRipRelative = (operands & 0xc7) === 0x05;
    if ((prefix & 0xfb) !== 0x48 || !isRipRelative) continue;
    const target = symbol.value + at + code.readInt32LE(at + 3);
    if (opcode === 0x8b) return target + 7;
    if (opcode === 0x83 && code[at + 7] === 0) return target + 8;
  }
  return null;
}

function readDebugConstants(
  elf: ElfFile,
  symbols: ReadonlyMap<string, ElfSymbol>,
): Map<string, number> {
  const constants = new Map<string, number>();
  const own = [...symbols].filter(([name]) => name.startsWith(debugPrefix));
  // In the order of the file, so that reading one reads the next ones.
  for (const [name, symbol] of own.sort(([, a], [, b]) => a.value - b.value)) {
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
  // Where the block of a library is, only the loader knows.
  if (symbol === undefined || tls === undefined || elf.interpreter === null) return null;
  const alignment = Math.max(tls.alignment, 1);
  return Math.ceil(tls.memoryBytes / alignment) * alignment - symbol.value;
}
