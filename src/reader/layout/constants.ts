/**
 * V8's constants as rows: where the number comes from, and what it was when the binary does not say.
 *
 * `symbol` is matched against the `v8dbg_` constants of the binary itself (the names carry C++ types that change from
 * version to version, hence patterns). `rows` are per V8 version, read from the sources or calibrated on the official
 * binaries, for what V8 does not export. A constant with neither for the version at hand is absent, and whoever needs
 * it says so. How to add a version: docs/v8-layout.md.
 */

/** The V8 versions the rows are written for, with the Node release line that carries each. */
export const knownV8Versions = {
  '10.2': 'Node 18',
  '11.3': 'Node 20',
  '12.4': 'Node 22',
  '13.6': 'Node 24',
  '14.6': 'Node 26',
} as const;
export type KnownV8Version = keyof typeof knownV8Versions;

export interface ConstantSource {
  readonly symbol?: RegExp;
  readonly rows?: Partial<Record<KnownV8Version, number>>;
  /** File of the V8 source tree that the rows, or the meaning, come from. */
  readonly source: string;
}

function same(value: number): Record<KnownV8Version, number> {
  return { '10.2': value, '11.3': value, '12.4': value, '13.6': value, '14.6': value };
}

export const constantSources = {
  // Heap objects.
  mapInstanceType: { symbol: /^class_Map__instance_type__/, source: 'src/objects/map.tq' },
  mapInstanceSizeInWords: {
    symbol: /^class_Map__instance_size_in_words__/,
    source: 'src/objects/map.tq',
  },
  mapInObjectStart: {
    symbol: /^class_Map__inobject_properties_start/,
    source: 'src/objects/map.tq',
  },
  mapBitField2: { symbol: /^class_Map__bit_field2__/, source: 'src/objects/map.tq' },
  mapBitField3: { symbol: /^class_Map__bit_field3__/, source: 'src/objects/map.tq' },
  mapPrototype: { symbol: /^class_Map__prototype__/, source: 'src/objects/map.tq' },
  mapConstructor: {
    symbol: /^class_Map__constructor_or_back_pointer__/,
    source: 'src/objects/map.tq',
  },
  mapDescriptors: {
    symbol: /^class_Map__instance_descriptors_offset$/,
    source: 'src/objects/map.tq',
  },
  elementsKindShift: { symbol: /^bit_field2_elements_kind_shift$/, source: 'src/objects/map.tq' },
  /** Elements kept as a hash table; its instance type is not exported. */
  dictionaryElements: {
    symbol: /^elements_dictionary_elements$/,
    source: 'src/objects/elements-kind.h',
  },
  dictionaryMapShift: {
    symbol: /^bit_field3_is_dictionary_map_shift$/,
    source: 'src/objects/map.tq',
  },
  ownDescriptorsMask: {
    symbol: /^bit_field3_number_of_own_descriptors_mask$/,
    source: 'src/objects/map.tq',
  },
  ownDescriptorsShift: {
    symbol: /^bit_field3_number_of_own_descriptors_shift$/,
    source: 'src/objects/map.tq',
  },
  descriptorsHeader: {
    symbol: /^class_DescriptorArray__header_size__/,
    source: 'src/objects/descriptor-array.tq',
  },
  propertyLocationMask: {
    symbol: /^prop_location_mask$/,
    source: 'src/objects/property-details.h',
  },
  propertyIndexMask: { symbol: /^prop_index_mask$/, source: 'src/objects/property-details.h' },
  propertyIndexShift: { symbol: /^prop_index_shift$/, source: 'src/objects/property-details.h' },
  propertyRepresentationMask: {
    symbol: /^prop_representation_mask$/,
    source: 'src/objects/property-details.h',
  },
  propertyRepresentationShift: {
    symbol: /^prop_representation_shift$/,
    source: 'src/objects/property-details.h',
  },
  propertyRepresentationDouble: {
    symbol: /^prop_representation_double$/,
    source: 'src/objects/property-details.h',
  },
  oddballKind: {
    symbol: /^class_Oddball__kind_offset|^class_Oddball__kind__/,
    source: 'src/objects/oddball.tq',
    rows: same(40),
  },
  oddballFalse: { symbol: /^OddballFalse$/, source: 'src/objects/oddball.h' },
  oddballTrue: { symbol: /^OddballTrue$/, source: 'src/objects/oddball.h' },
  oddballNull: { symbol: /^OddballNull$/, source: 'src/objects/oddball.h' },
  oddballUndefined: { symbol: /^OddballUndefined$/, source: 'src/objects/oddball.h' },
  nameDictionaryPrefix: {
    symbol: /^namedictionaryshape_prefix_size$/,
    source: 'src/objects/dictionary.h',
  },
  firstNonstringType: { symbol: /^FirstNonstringType$/, source: 'src/objects/instance-type.h' },
  bigIntType: {
    rows: same(129),
    source: 'src/objects/instance-type.h: between SYMBOL_TYPE and HEAP_NUMBER_TYPE, not exported',
  },
  /** Objects made from a template of the API, with fields for C++: all wrappers of Node's own. */
  firstApiObjectType: {
    rows: same(0x422),
    source: 'include/v8-internal.h kFirstJSApiObjectType',
  },
  lastApiObjectType: { rows: same(0x80a), source: 'include/v8-internal.h kLastJSApiObjectType' },
  /** The same with interceptors or access checks. */
  specialApiObjectType: {
    rows: same(0x410),
    source: 'include/v8-internal.h kJSSpecialApiObjectType',
  },
  firstContextType: { symbol: /^FirstContextType$/, source: 'src/objects/instance-type.h' },
  lastContextType: { symbol: /^LastContextType$/, source: 'src/objects/instance-type.h' },
  // 18 and 20 do not export the range: JS_FUNCTION_TYPE is its first member, 15 kinds of constructors follow.
  firstJSFunctionType: { symbol: /^FirstJSFunctionType$/, source: 'src/objects/instance-type.h' },
  lastJSFunctionType: { symbol: /^LastJSFunctionType$/, source: 'src/objects/instance-type.h' },

  /** FunctionKind of the first function that V8 makes of static fields and blocks; that of instances is 24, and 25 where it is free. */
  staticInitializerKind: {
    rows: { '10.2': 25, '11.3': 25, '12.4': 25, '13.6': 25, '14.6': 26 },
    source: 'src/objects/function-kind.h kClassStaticInitializerFunction; calibrated',
  },
  /** CallSiteInfoFlags: the offset is one in the source. */
  callSitePositionKnown: {
    rows: { '10.2': 64, '11.3': 64, '12.4': 128, '13.6': 128, '14.6': 128 },
    source: 'src/objects/call-site-info.tq is_source_position_computed; calibrated',
  },
  /** Since 13.x the time value of a JSDate is a double in the object. */
  dateIsDouble: {
    rows: { '10.2': 0, '11.3': 0, '12.4': 0, '13.6': 1, '14.6': 1 },
    source: 'src/objects/js-date.tq; calibrated',
  },
  viewByteLength: {
    symbol: /^class_JSArrayBufferView__byte_length__/,
    source: 'src/objects/js-array-buffer.tq',
  },
  /** Bit 0: the view follows the length of a resizable buffer. */
  viewFlags: {
    rows: { '10.2': 48, '11.3': 48, '12.4': 48, '13.6': 40, '14.6': 40 },
    source: 'src/objects/js-array-buffer.tq JSArrayBufferView::bit_field; calibrated',
  },
  bufferByteLength: {
    symbol: /^class_JSArrayBuffer__byte_length__/,
    source: 'src/objects/js-array-buffer.tq',
  },
  typedArrayExternalPointer: {
    symbol: /^class_JSTypedArray__external_pointer__/,
    source: 'src/objects/js-array-buffer.tq',
  },
  typedArrayBasePointer: {
    symbol: /^class_JSTypedArray__base_pointer__/,
    source: 'src/objects/js-array-buffer.tq',
  },

  /** Flags of symbols: any of these bits makes it private; those of the second mask with the value make it a #name. */
  symbolPrivateMask: {
    rows: { ...same(1), '14.6': 3 },
    source: 'src/objects/name.tq SymbolFlags; 14.6 calibrated',
  },
  symbolNameMask: { rows: { ...same(0x30), '14.6': 3 }, source: 'src/objects/name.tq SymbolFlags' },
  symbolNameValue: {
    rows: { ...same(0x10), '14.6': 2 },
    source: 'src/objects/name.tq SymbolFlags',
  },
  /** Start of the isolate's table of roots, and the index of the_hole_value in it. */
  isolateRoots: {
    rows: { '10.2': 288, '11.3': 496, '12.4': 592, '13.6': 640, '14.6': 688 },
    source: 'include/v8-internal.h kIsolateRootsOffset',
  },
  /** Tagged word that goes with the running code from promise to promise; Node's AsyncContextFrame. */
  isolateAsyncContext: {
    rows: { '12.4': 576, '13.6': 632, '14.6': 680 },
    source: 'include/v8-internal.h kContinuationPreservedEmbedderDataOffset',
  },
  theHoleRoot: {
    rows: { '10.2': 5, '11.3': 5, '12.4': 5, '13.6': 5, '14.6': 1 },
    source: 'src/roots/roots.h STRONG_READ_ONLY_ROOT_LIST',
  },

  /** Old generation's limit in the Heap; 14.6 keeps it in an object that the Heap points to. */
  heapOldLimit: {
    rows: { '10.2': 0xe0, '11.3': 0xe0, '12.4': 0x48, '13.6': 0x50, '14.6': 0x7b8 },
    source: 'machine code of Heap::MaxReserved()',
  },
  heapOldLimitBehind: {
    rows: { '14.6': 0x30 },
    source: 'machine code of Heap::MaxReserved()',
  },

  // Functions, scripts, bytecode.
  functionShared: { symbol: /^class_JSFunction__shared__/, source: 'src/objects/js-function.tq' },
  functionInitialMap: {
    symbol: /^class_JSFunction__prototype_or_initial_map__/,
    source: 'src/objects/js-function.tq',
  },
  functionContext: { symbol: /^class_JSFunction__context__/, source: 'src/objects/js-function.tq' },
  sharedData: {
    rows: same(8),
    source: 'src/objects/shared-function-info.tq: function_data, trusted_function_data from 12.x',
  },
  sharedNameOrScopeInfo: {
    symbol: /^class_SharedFunctionInfo__name_or_scope_info__/,
    source: 'src/objects/shared-function-info.tq',
  },
  sharedScript: {
    symbol: /^class_SharedFunctionInfo__(script__|script_or_debug_info__)/,
    source: 'src/objects/shared-function-info.tq',
  },
  /** Before 12: where a DebugInfo took the place of the script, it keeps it. */
  debugInfoScript: {
    rows: { '10.2': 24, '11.3': 24 },
    source: 'src/objects/debug-objects.tq: behind shared and debugger_hints',
  },
  sharedFormalParameters: {
    symbol: /^class_SharedFunctionInfo__internal_formal_parameter_count__/,
    source: 'src/objects/shared-function-info.tq',
  },
  scriptName: { symbol: /^class_Script__name__/, source: 'src/objects/script.tq' },
  scriptSource: { symbol: /^class_Script__source__/, source: 'src/objects/script.tq' },
  bytecodeLength: { rows: same(8), source: 'src/objects/bytecode-array.tq' },
  bytecodePositions: {
    rows: { '10.2': 32, '11.3': 32, '12.4': 24, '13.6': 24, '14.6': 24 },
    source: 'src/objects/bytecode-array.tq: source_position_table',
  },
  bytecodeFrameSize: {
    rows: { '10.2': 40, '11.3': 40, '12.4': 48, '13.6': 48, '14.6': 48 },
    source: 'src/objects/bytecode-array.tq: frame_size',
  },
  bytecodeData: { symbol: /^class_BytecodeArray__data__/, source: 'src/objects/bytecode-array.tq' },
  byteArrayData: { rows: same(16), source: 'src/objects/fixed-array.tq' },

  // Scope infos: positions in words behind the map, and bits of the flags word.
  scopeInfoFirstVariable: {
    symbol: /^scopeinfo_idx_first_vars$/,
    source: 'src/objects/scope-info.tq',
  },
  scopeInfoInlineNamesLimit: {
    rows: same(75),
    source: 'src/objects/scope-info.h kScopeInfoMaxInlinedLocalNamesSize',
  },
  contextHeaderSlots: {
    symbol: /^context_min_slots$/,
    source: 'src/objects/contexts.h MIN_CONTEXT_SLOTS',
  },

  // Code objects (machine code of the compilers) and their deoptimization data.
  codeDeoptimizationData: {
    rows: { '10.2': 16, '11.3': 16, '12.4': 8, '13.6': 8, '14.6': 8 },
    source: 'src/objects/code.h',
  },
  /** Source positions; for baseline code the bytecode offset table. */
  codePositions: {
    rows: { '10.2': 24, '11.3': 24, '12.4': 16, '13.6': 16, '14.6': 16 },
    source: 'src/objects/code.h',
  },
  codeInstructionStart: {
    rows: { '11.3': 40, '12.4': 40, '13.6': 40, '14.6': 40 },
    symbol: /^class_Code__instruction_start__Address$/,
    source: 'src/objects/code.h; 10.2 has the instructions in the object itself',
  },
  /** 10.2: instructions follow the header of the Code object. */
  codeEmbeddedInstructions: {
    rows: { '10.2': 128 },
    source: 'src/objects/code.h Code::kHeaderSize',
  },
  codeFlags: {
    rows: { '10.2': 48, '11.3': 48, '12.4': 48, '13.6': 52, '14.6': 52 },
    source: 'src/objects/code.h',
  },
  codeInstructionSize: {
    rows: { '10.2': 40, '11.3': 56, '12.4': 52, '13.6': 56, '14.6': 56 },
    source: 'src/objects/code.h; 52 of 11.3 is the builtin id',
  },
  codeKindMask: { symbol: /^CodeKindFieldMask$/, source: 'src/objects/code.h' },
  codeKindBaseline: {
    symbol: /^CodeKindBaseline$/,
    source: 'src/objects/code-kind.h: BASELINE, MAGLEV, TURBOFAN follow each other',
  },
  deoptTranslations: { rows: same(0), source: 'src/objects/deoptimization-data.h' },
  deoptLiterals: {
    symbol: /^DeoptimizationDataLiteralArrayIndex$/,
    rows: { '10.2': 2 },
    source: 'src/objects/deoptimization-data.h',
  },
  deoptInliningPositions: {
    symbol: /^DeoptimizationDataInliningPositionsIndex$/,
    rows: { '10.2': 7 },
    source: 'src/objects/deoptimization-data.h',
  },
  fixedArrayData: { symbol: /^class_FixedArray__data__/, source: 'src/objects/fixed-array.tq' },

  // Frames.
  /** Slot of register r0, from the frame pointer. 12.4 put the feedback vector before it. */
  frameRegisterFile: {
    rows: { '10.2': -48, '11.3': -48, '12.4': -56, '13.6': -56, '14.6': -56 },
    source: 'src/execution/frame-constants.h UnoptimizedFrameConstants',
  },
  /** 13.x pushes the fast-C-call fields into the entry frame, before that they are at fixed places of the isolate. */
  isolateFastCallFp: {
    rows: { '10.2': 256, '11.3': 232, '12.4': 240, '13.6': 296, '14.6': 304 },
    source: 'include/v8-internal.h kIsolateFastCCallCallerFpOffset',
  },
  isolateFastCallPc: {
    rows: { '10.2': 264, '11.3': 240, '12.4': 248, '13.6': 288, '14.6': 296 },
    source: 'include/v8-internal.h kIsolateFastCCallCallerPcOffset',
  },
  entryFrameHasFastCall: {
    rows: { '10.2': 0, '11.3': 0, '12.4': 0, '13.6': 1, '14.6': 1 },
    source: 'src/builtins/x64/builtins-x64.cc Generate_JSEntryVariant',
  },
  apiCallbackReceiver: {
    rows: { '12.4': 88, '13.6': 64, '14.6': 48 },
    source: 'src/execution/frame-constants.h ApiCallbackExitFrameConstants',
  },
  builtinExitReceiver: {
    rows: { '10.2': 48, '11.3': 48, '12.4': 48, '13.6': 48, '14.6': 40 },
    source: 'src/execution/frame-constants.h BuiltinExitFrameConstants',
  },
  /** 14.6 changed the first value of each source position entry to an unsigned one with two flag bits. */
  positionsUnsigned: {
    rows: { '10.2': 0, '11.3': 0, '12.4': 0, '13.6': 0, '14.6': 1 },
    source: 'src/codegen/source-position-table.cc',
  },
} as const satisfies Record<string, ConstantSource>;

export type ConstantName = keyof typeof constantSources;

/**
 * Instance types that no binary exports, by how far they are behind FIXED_ARRAY_TYPE, which all do: they extend FixedArray, and
 * are numbered in the order of their names behind it (src/objects/instance-type.h, generated; calibrated on the official
 * binaries with %DebugPrint).
 */
export const typesBehindFixedArray: Readonly<Record<string, Record<KnownV8Version, number>>> = {
  EPHEMERON_HASH_TABLE: same(2),
  NAME_DICTIONARY: same(4),
  NUMBER_DICTIONARY: same(6),
  ORDERED_HASH_MAP: same(7),
  ORDERED_HASH_SET: same(8),
};
