/**
 * Where V8 keeps what it knows of WebAssembly code, by version. These are C++ objects (src/wasm/wasm-code-manager.h), not
 * heap objects, and no debug constant tells them:
 *
 *     WasmCodeManager.lookup_map_     std::map: start of a code region → { end, NativeModule* }
 *       NativeModule.owned_code_      std::map: start of instructions → unique_ptr<WasmCode>
 *                   .new_owned_code_  std::vector<unique_ptr<WasmCode>>, code that no look-up has sorted in yet
 *                   .wire_bytes_      shared_ptr<OwnedVector<uint8_t>>: the module as it was given to V8
 *         WasmCode                    { NativeModule*, start of instructions, …, size, function index, tier, positions }
 *
 * All were read off the machine code of the official binaries: lookup_map_ off WasmCodeManager::LookupNativeModule(),
 * the code off NativeModule::Lookup(), the index off WasmFrame::function_index(), the tier off
 * NativeModule::HasCodeWithTier(), positions off WasmCode::GetSourcePositionBefore() and GetInliningPosition(), wire bytes
 * off WasmModuleObject::GetRawFunctionName(), the way to the script off WasmFrame::script(). What is read by them is
 * believed only when it agrees with itself: a WasmCode points back to its module and holds the pc, wire bytes begin with
 * `\0asm`.
 */
import type { KnownV8Version } from './constants.ts';

export interface WasmRows {
  /** Root of lookup_map_ in the code manager. */
  readonly regionsRoot: number;
  /** Root of owned_code_ in the native module. */
  readonly codeRoot: number;
  /** Begin of new_owned_code_; its end is the next word. */
  readonly newCode: number;
  readonly wireBytes: number;
  /** In a WasmCode; its start is the second word in all versions. */
  readonly codeSize: number;
  readonly functionIndex: number;
  readonly tier: { readonly byte: number; readonly shift: number };
  /** The source position table: data + first + second, `length` bytes. */
  readonly positions: {
    readonly data: number;
    readonly first: number;
    readonly second: number;
    readonly length: number;
  };
  /** True: positions of inlined functions follow the table (index, tail call, caller's position: 4 + 1 + 8 bytes). */
  readonly hasInlining: boolean;
  /** Fields from the word at fp - 16 (the instance; its trusted data from 12.4 on) to the Script. */
  readonly script: readonly number[];
  /** Fields from there to the Managed<NativeModule>. */
  readonly nativeModule: readonly number[];
}

export const wasmRows: Record<KnownV8Version, WasmRows> = {
  '10.2': {
    regionsRoot: 0x58,
    codeRoot: 0x1b0,
    newCode: 0x1d0,
    wireBytes: 0x138,
    codeSize: 0x20,
    functionIndex: 0x30,
    tier: { byte: 0x10, shift: 2 },
    positions: { data: 0x18, first: 0x24, second: 0x2c, length: 0x28 },
    hasInlining: false,
    script: [0xd0, 0x28],
    nativeModule: [0xd0, 0x18],
  },
  '11.3': {
    regionsRoot: 0x50,
    codeRoot: 0x140,
    newCode: 0x160,
    wireBytes: 0xc8,
    codeSize: 0x18,
    functionIndex: 0x2c,
    tier: { byte: 0x50, shift: 2 },
    positions: { data: 0x10, first: 0x1c, second: 0x28, length: 0x20 },
    hasInlining: false,
    script: [0xd0, 0x20],
    nativeModule: [0xd0, 0x18],
  },
  '12.4': {
    regionsRoot: 0x50,
    codeRoot: 0x198,
    newCode: 0x1b8,
    wireBytes: 0xc8,
    codeSize: 0x18,
    functionIndex: 0x2c,
    tier: { byte: 0x50, shift: 2 },
    positions: { data: 0x10, first: 0x1c, second: 0x28, length: 0x20 },
    hasInlining: true,
    script: [0xa0, 0x20, 0x20],
    nativeModule: [0xa0, 0x20, 0x18],
  },
  '13.6': {
    regionsRoot: 0x30,
    codeRoot: 0x148,
    newCode: 0x168,
    wireBytes: 0xf0,
    codeSize: 0x20,
    functionIndex: 0x38,
    tier: { byte: 0x60, shift: 2 },
    positions: { data: 0x18, first: 0x24, second: 0x34, length: 0x28 },
    hasInlining: true,
    script: [0x98, 0x20, 0x20],
    nativeModule: [0x108],
  },
  '14.6': {
    regionsRoot: 0x30,
    codeRoot: 0x140,
    newCode: 0x160,
    wireBytes: 0xe8,
    codeSize: 0x20,
    functionIndex: 0x38,
    tier: { byte: 0x78, shift: 3 },
    positions: { data: 0x18, first: 0x24, second: 0x34, length: 0x28 },
    hasInlining: true,
    script: [0x68, 0x20, 0x20],
    nativeModule: [0xd8],
  },
};
