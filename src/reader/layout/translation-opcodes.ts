/**
 * How each V8 writes down where the values of optimised frames are, as rows: one per version.
 *
 * Source of the rows: `src/deoptimizer/translation-opcode.h` (order and operand counts of the opcodes),
 * `translation-array.cc`, from 12.x `frame-translation-builder.cc` (signs of the operands),
 * `src/objects/deoptimization-data.h`, in 10.2 `src/objects/code.h` (header), `src/codegen/safepoint-table.h` and
 * `maglev-safepoint-table.h`. Order and counts were compared with the tables inside the official binaries of Node 18,
 * 20, 22, 24 and 26; see docs/v8-deoptimization.md, also for how to add a version.
 */
import type { KnownV8Version } from './constants.ts';

/** What an operand means. All are variable-length quantities; a signed one has its sign in the lowest bit. */
export type TranslationOperand =
  | 'lookback'
  | 'frameCount'
  | 'jsFrameCount'
  | 'feedbackCount'
  | 'bytecodeOffset'
  | 'function'
  | 'bytecodeArray'
  | 'height'
  | 'returnOffset'
  | 'returnCount'
  | 'parameterCount'
  | 'wasmReturnKind'
  | 'wasmFunction'
  | 'argumentsType'
  | 'fieldCount'
  | 'object'
  | 'slot'
  | 'register'
  | 'literal'
  | 'feedbackVector'
  | 'feedbackSlot'
  | 'repeatCount';

export interface TranslationOpcode {
  /** Our name: V8's without `_FRAME` and `JAVA_SCRIPT_`, as the same thing was spelt differently over the years. */
  readonly name: TranslationOpcodeName;
  readonly operands: readonly TranslationOperand[];
}

/** Operands of each opcode, where versions differ those of the newest. */
const newestOperands = {
  // Header of one translation.
  BEGIN: ['lookback', 'frameCount', 'jsFrameCount'],
  BEGIN_WITH_FEEDBACK: ['lookback', 'frameCount', 'jsFrameCount'],
  UPDATE_FEEDBACK: ['feedbackVector', 'feedbackSlot'],
  /** The next instructions are those at the same places of the translation `lookback` bytes before. */
  MATCH_PREVIOUS: ['repeatCount'],
  // Frames.
  INTERPRETED: ['bytecodeOffset', 'function', 'bytecodeArray', 'height'],
  INTERPRETED_WITH_RETURN: [
    'bytecodeOffset',
    'function',
    'bytecodeArray',
    'height',
    'returnOffset',
    'returnCount',
  ],
  JS_BUILTIN_CONTINUATION: ['bytecodeOffset', 'function', 'height'],
  JS_BUILTIN_CONTINUATION_WITH_CATCH: ['bytecodeOffset', 'function', 'height'],
  BUILTIN_CONTINUATION: ['bytecodeOffset', 'function', 'height'],
  JS_TO_WASM_CONTINUATION: ['bytecodeOffset', 'function', 'height', 'wasmReturnKind'],
  CONSTRUCT_STUB: ['bytecodeOffset', 'function', 'height'],
  CONSTRUCT_CREATE_STUB: ['function', 'height'],
  CONSTRUCT_INVOKE_STUB: ['function'],
  INLINED_ARGUMENTS: ['function', 'height', 'parameterCount'],
  WASM_INLINED: ['bytecodeOffset', 'function', 'height'],
  LIFTOFF: ['bytecodeOffset', 'height', 'wasmFunction'],
  // Values.
  TAGGED_SLOT: ['slot'],
  BOOL_SLOT: ['slot'],
  INT32_SLOT: ['slot'],
  UINT32_SLOT: ['slot'],
  INT64_SLOT: ['slot'],
  SIGNED_BIGINT64_SLOT: ['slot'],
  UNSIGNED_BIGINT64_SLOT: ['slot'],
  FLOAT_SLOT: ['slot'],
  DOUBLE_SLOT: ['slot'],
  HOLEY_DOUBLE_SLOT: ['slot'],
  SIMD128_SLOT: ['slot'],
  TAGGED_REGISTER: ['register'],
  BOOL_REGISTER: ['register'],
  INT32_REGISTER: ['register'],
  UINT32_REGISTER: ['register'],
  INT64_REGISTER: ['register'],
  SIGNED_BIGINT64_REGISTER: ['register'],
  UNSIGNED_BIGINT64_REGISTER: ['register'],
  FLOAT_REGISTER: ['register'],
  DOUBLE_REGISTER: ['register'],
  HOLEY_DOUBLE_REGISTER: ['register'],
  SIMD128_REGISTER: ['register'],
  LITERAL: ['literal'],
  OPTIMIZED_OUT: [],
  CAPTURED_OBJECT: ['fieldCount'],
  DUPLICATED_OBJECT: ['object'],
  STRING_CONCAT: [],
  ARGUMENTS_ELEMENTS: ['argumentsType'],
  ARGUMENTS_LENGTH: [],
  REST_LENGTH: [],
} as const satisfies Record<string, readonly TranslationOperand[]>;

export type TranslationOpcodeName = keyof typeof newestOperands;
type OperandOverrides = Partial<Record<TranslationOpcodeName, readonly TranslationOperand[]>>;

export interface TranslationEncoding {
  readonly version: KnownV8Version;
  /** By the number that stands in the bytes. */
  readonly opcodes: readonly TranslationOpcode[];
  /** The opcode is itself a signed quantity (10.2); else one byte. */
  readonly hasSignedOpcodes: boolean;
  /** A byte from `opcodes.length` on is MATCH_PREVIOUS with the difference as its operand. */
  readonly hasShortMatches: boolean;
  readonly unsignedOperands: ReadonlySet<TranslationOperand>;
  /** Elements of the DeoptimizationData array. */
  readonly data: {
    readonly translations: number;
    readonly literals: number;
    /** Bytecode arrays of the functions; absent before 13.x. */
    readonly protectedLiterals?: number;
    readonly inliningPositions: number;
    readonly firstEntry: number;
  };
  /** Bytes before `length, configuration` of the safepoint table, and before its entries. */
  readonly safepoints: {
    readonly turbofan: SafepointHeader;
    readonly maglev: SafepointHeader;
  };
}

export interface SafepointHeader {
  readonly length: number;
  readonly configuration: number;
  readonly bytes: number;
  /** Single bytes of an entry between trampoline and register bits. */
  readonly extraBytes: number;
}

/** One entry of DeoptimizationData: bytecode offset, start of the translation, pc offset; the same in all versions. */
export const deoptimizationEntry = { size: 3, bytecodeOffset: 0, translation: 1, pc: 2 } as const;

/**
 * Bytes from the frame pointer of an optimised frame to a slot: slots count downwards from the caller's stack pointer,
 * negative ones are the arguments that the caller pushed.
 * Source: StackSlotOffsetRelativeToFp in src/execution/frames.h; x86-64 and arm64, all versions.
 */
export function slotOffset(slot: number): number {
  const callerStackPointer = 16;
  return callerStackPointer - (slot + 1) * 8;
}

/** @returns null for a version without a row; `translationEncodings[layout.version]` never misses */
export function findTranslationEncoding(
  v8Version: readonly [number, number],
): TranslationEncoding | null {
  const version = v8Version.join('.');
  return Object.values(translationEncodings).find((row) => row.version === version) ?? null;
}

function opcodes(
  names: readonly TranslationOpcodeName[],
  overrides: OperandOverrides,
): readonly TranslationOpcode[] {
  return names.map((name) => ({ name, operands: overrides[name] ?? newestOperands[name] }));
}

/** Before 13.x frames did not name their bytecode array. */
const withoutBytecodeArray = {
  INTERPRETED: ['bytecodeOffset', 'function', 'height'],
  INTERPRETED_WITH_RETURN: ['bytecodeOffset', 'function', 'height', 'returnOffset', 'returnCount'],
  INLINED_ARGUMENTS: ['function', 'height'],
} as const satisfies OperandOverrides;

// prettier-ignore
const opcodes10 = opcodes(
  [
    'INLINED_ARGUMENTS', 'ARGUMENTS_ELEMENTS', 'ARGUMENTS_LENGTH', 'BEGIN', 'BOOL_REGISTER', 'BOOL_SLOT',
    'BUILTIN_CONTINUATION', 'CAPTURED_OBJECT', 'CONSTRUCT_STUB', 'DOUBLE_REGISTER', 'DOUBLE_SLOT', 'DUPLICATED_OBJECT',
    'FLOAT_REGISTER', 'FLOAT_SLOT', 'INT32_REGISTER', 'INT32_SLOT', 'INT64_REGISTER', 'INT64_SLOT',
    'INTERPRETED_WITH_RETURN', 'JS_BUILTIN_CONTINUATION', 'JS_BUILTIN_CONTINUATION_WITH_CATCH',
    'JS_TO_WASM_CONTINUATION', 'LITERAL', 'TAGGED_REGISTER', 'TAGGED_SLOT', 'UINT32_REGISTER', 'UINT32_SLOT',
    'UPDATE_FEEDBACK',
  ],
  { ...withoutBytecodeArray, BEGIN: ['frameCount', 'jsFrameCount', 'feedbackCount'] },
);

// prettier-ignore
const opcodes11 = opcodes(
  [
    'ARGUMENTS_ELEMENTS', 'ARGUMENTS_LENGTH', 'BEGIN', 'BEGIN_WITH_FEEDBACK', 'BOOL_REGISTER', 'BOOL_SLOT',
    'BUILTIN_CONTINUATION', 'CAPTURED_OBJECT', 'CONSTRUCT_STUB', 'DOUBLE_REGISTER', 'DOUBLE_SLOT', 'DUPLICATED_OBJECT',
    'FLOAT_REGISTER', 'FLOAT_SLOT', 'INLINED_ARGUMENTS', 'INT32_REGISTER', 'INT32_SLOT', 'INT64_REGISTER', 'INT64_SLOT',
    'SIGNED_BIGINT64_REGISTER', 'SIGNED_BIGINT64_SLOT', 'UNSIGNED_BIGINT64_REGISTER', 'UNSIGNED_BIGINT64_SLOT',
    'INTERPRETED_WITH_RETURN', 'INTERPRETED', 'JS_BUILTIN_CONTINUATION', 'JS_BUILTIN_CONTINUATION_WITH_CATCH',
    'JS_TO_WASM_CONTINUATION', 'OPTIMIZED_OUT', 'LITERAL', 'TAGGED_REGISTER', 'TAGGED_SLOT', 'UINT32_REGISTER',
    'UINT32_SLOT', 'UPDATE_FEEDBACK', 'MATCH_PREVIOUS',
  ],
  withoutBytecodeArray,
);

// prettier-ignore
const opcodes12 = opcodes(
  [
    'INTERPRETED_WITH_RETURN', 'INTERPRETED', 'JS_BUILTIN_CONTINUATION', 'JS_BUILTIN_CONTINUATION_WITH_CATCH',
    'CONSTRUCT_CREATE_STUB', 'CONSTRUCT_INVOKE_STUB', 'BUILTIN_CONTINUATION', 'JS_TO_WASM_CONTINUATION', 'WASM_INLINED',
    'INLINED_ARGUMENTS', 'ARGUMENTS_ELEMENTS', 'ARGUMENTS_LENGTH', 'BEGIN', 'BEGIN_WITH_FEEDBACK', 'BOOL_REGISTER',
    'BOOL_SLOT', 'CAPTURED_OBJECT', 'DOUBLE_REGISTER', 'DOUBLE_SLOT', 'HOLEY_DOUBLE_REGISTER', 'HOLEY_DOUBLE_SLOT',
    'DUPLICATED_OBJECT', 'FLOAT_REGISTER', 'FLOAT_SLOT', 'INT32_REGISTER', 'INT32_SLOT', 'INT64_REGISTER', 'INT64_SLOT',
    'SIGNED_BIGINT64_REGISTER', 'SIGNED_BIGINT64_SLOT', 'UNSIGNED_BIGINT64_REGISTER', 'UNSIGNED_BIGINT64_SLOT',
    'OPTIMIZED_OUT', 'LITERAL', 'TAGGED_REGISTER', 'TAGGED_SLOT', 'UINT32_REGISTER', 'UINT32_SLOT', 'UPDATE_FEEDBACK',
    'MATCH_PREVIOUS',
  ],
  withoutBytecodeArray,
);

// prettier-ignore
const opcodes13 = opcodes(
  [
    'INTERPRETED_WITH_RETURN', 'INTERPRETED', 'JS_BUILTIN_CONTINUATION', 'JS_BUILTIN_CONTINUATION_WITH_CATCH',
    'CONSTRUCT_CREATE_STUB', 'CONSTRUCT_INVOKE_STUB', 'BUILTIN_CONTINUATION', 'JS_TO_WASM_CONTINUATION', 'WASM_INLINED',
    'LIFTOFF', 'INLINED_ARGUMENTS', 'ARGUMENTS_ELEMENTS', 'ARGUMENTS_LENGTH', 'REST_LENGTH', 'BEGIN',
    'BEGIN_WITH_FEEDBACK', 'BOOL_REGISTER', 'BOOL_SLOT', 'CAPTURED_OBJECT', 'STRING_CONCAT', 'DOUBLE_REGISTER',
    'DOUBLE_SLOT', 'SIMD128_SLOT', 'HOLEY_DOUBLE_REGISTER', 'HOLEY_DOUBLE_SLOT', 'SIMD128_REGISTER',
    'DUPLICATED_OBJECT', 'FLOAT_REGISTER', 'FLOAT_SLOT', 'INT32_REGISTER', 'INT32_SLOT', 'INT64_REGISTER', 'INT64_SLOT',
    'SIGNED_BIGINT64_REGISTER', 'SIGNED_BIGINT64_SLOT', 'UNSIGNED_BIGINT64_REGISTER', 'UNSIGNED_BIGINT64_SLOT',
    'OPTIMIZED_OUT', 'LITERAL', 'TAGGED_REGISTER', 'TAGGED_SLOT', 'UINT32_REGISTER', 'UINT32_SLOT', 'UPDATE_FEEDBACK',
    'MATCH_PREVIOUS',
  ],
  {},
);

const data10 = { translations: 0, literals: 2, inliningPositions: 7, firstEntry: 11 } as const;
const data13 = {
  translations: 0,
  protectedLiterals: 2,
  literals: 3,
  inliningPositions: 8,
  firstEntry: 12,
} as const;
const safepoints10 = {
  turbofan: { length: 0, configuration: 4, bytes: 8, extraBytes: 0 },
  maglev: { length: 0, configuration: 4, bytes: 16, extraBytes: 1 },
} as const;
/** The number of stack slots was put in front. */
const safepoints13 = {
  turbofan: { length: 4, configuration: 8, bytes: 12, extraBytes: 0 },
  maglev: { length: 4, configuration: 8, bytes: 16, extraBytes: 1 },
} as const;
const unsigned11: ReadonlySet<TranslationOperand> = new Set([
  'lookback',
  'register',
  'repeatCount',
]);
const unsigned13: ReadonlySet<TranslationOperand> = new Set([
  ...unsigned11,
  'height',
  'parameterCount',
  'wasmFunction',
]);

/** What did not change since. */
const since11 = { hasSignedOpcodes: false, hasShortMatches: true } as const;
const row10 = {
  unsignedOperands: new Set<TranslationOperand>(),
  data: data10,
  safepoints: safepoints10,
};
const row11 = { ...row10, ...since11, unsignedOperands: unsigned11 };
const row13 = {
  ...since11,
  opcodes: opcodes13,
  unsignedOperands: unsigned13,
  data: data13,
  safepoints: safepoints13,
};

/** Every row. */
export const translationEncodings: Readonly<Record<KnownV8Version, TranslationEncoding>> = {
  '10.2': {
    ...row10,
    version: '10.2',
    opcodes: opcodes10,
    hasSignedOpcodes: true,
    hasShortMatches: false,
  },
  '11.3': { ...row11, version: '11.3', opcodes: opcodes11 },
  '12.4': { ...row11, version: '12.4', opcodes: opcodes12 },
  '13.6': { ...row13, version: '13.6' },
  '14.6': { ...row13, version: '14.6' },
};
