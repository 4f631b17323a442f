/** What the opcodes of a translation stand for, in our words. Source: src/deoptimizer/translated-state.cc. */
import type { TranslationOpcodeName } from '../layout/translation-opcodes.ts';

type ByOpcode<T> = Partial<Record<TranslationOpcodeName, T>>;

export type SlotKind =
  /** A tagged pointer or small integer. */
  | 'tagged-slot'
  /** 32 bits, zero or one. */
  | 'bool-slot'
  | 'int32-slot'
  | 'uint32-slot'
  /** A number, not a BigInt. */
  | 'int64-slot'
  | 'signed-bigint64-slot'
  | 'unsigned-bigint64-slot'
  /** 32 bits. */
  | 'float-slot'
  | 'double-slot'
  /** A double, or the pattern of the hole, which stands for `undefined`. */
  | 'holey-double-slot'
  | 'simd128-slot';

export const slotKinds: ByOpcode<SlotKind> = {
  TAGGED_SLOT: 'tagged-slot',
  BOOL_SLOT: 'bool-slot',
  INT32_SLOT: 'int32-slot',
  UINT32_SLOT: 'uint32-slot',
  INT64_SLOT: 'int64-slot',
  SIGNED_BIGINT64_SLOT: 'signed-bigint64-slot',
  UNSIGNED_BIGINT64_SLOT: 'unsigned-bigint64-slot',
  FLOAT_SLOT: 'float-slot',
  DOUBLE_SLOT: 'double-slot',
  HOLEY_DOUBLE_SLOT: 'holey-double-slot',
  SIMD128_SLOT: 'simd128-slot',
};

export type RegisterRepresentation =
  | 'tagged'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'signed-bigint64'
  | 'unsigned-bigint64'
  | 'float'
  | 'double'
  | 'holey-double'
  | 'simd128';

export const registerRepresentations: ByOpcode<RegisterRepresentation> = {
  TAGGED_REGISTER: 'tagged',
  BOOL_REGISTER: 'bool',
  INT32_REGISTER: 'int32',
  UINT32_REGISTER: 'uint32',
  INT64_REGISTER: 'int64',
  SIGNED_BIGINT64_REGISTER: 'signed-bigint64',
  UNSIGNED_BIGINT64_REGISTER: 'unsigned-bigint64',
  FLOAT_REGISTER: 'float',
  DOUBLE_REGISTER: 'double',
  HOLEY_DOUBLE_REGISTER: 'holey-double',
  SIMD128_REGISTER: 'simd128',
};

export type TranslatedFrameKind =
  | 'interpreted'
  /** The arguments of the next frame when the caller passed another number than it declares. */
  | 'inlined-arguments'
  /** `new`, around the constructor that is the next frame. 12.x split it in two. */
  | 'construct-stub'
  | 'construct-create-stub'
  | 'construct-invoke-stub'
  /** What is left to do of a builtin after the next frame returns: `Array.prototype.forEach` calling its callback. */
  | 'js-builtin-continuation'
  | 'js-builtin-continuation-with-catch'
  | 'builtin-continuation'
  | 'js-to-wasm-continuation'
  | 'wasm-inlined'
  | 'liftoff';

export const frameKinds: ByOpcode<TranslatedFrameKind> = {
  INTERPRETED: 'interpreted',
  INTERPRETED_WITH_RETURN: 'interpreted',
  INLINED_ARGUMENTS: 'inlined-arguments',
  CONSTRUCT_STUB: 'construct-stub',
  CONSTRUCT_CREATE_STUB: 'construct-create-stub',
  CONSTRUCT_INVOKE_STUB: 'construct-invoke-stub',
  JS_BUILTIN_CONTINUATION: 'js-builtin-continuation',
  JS_BUILTIN_CONTINUATION_WITH_CATCH: 'js-builtin-continuation-with-catch',
  BUILTIN_CONTINUATION: 'builtin-continuation',
  JS_TO_WASM_CONTINUATION: 'js-to-wasm-continuation',
  WASM_INLINED: 'wasm-inlined',
  LIFTOFF: 'liftoff',
};

/** Values of a helper frame that its height does not count: function and context. TranslatedFrame::GetValueCount. */
export const valuesBesideHeight: Record<Exclude<TranslatedFrameKind, 'interpreted'>, number> = {
  'inlined-arguments': 1,
  'construct-stub': 2,
  'construct-create-stub': 2,
  'construct-invoke-stub': 2,
  'js-builtin-continuation': 2,
  'js-builtin-continuation-with-catch': 2,
  'builtin-continuation': 2,
  'js-to-wasm-continuation': 2,
  'wasm-inlined': 2,
  liftoff: 0,
};

/** By number: CreateArgumentsType in src/common/globals.h. */
export const argumentsTypes = ['mapped', 'unmapped', 'rest'] as const;
