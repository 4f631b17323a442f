/**
 * Frames of the optimising compilers. Which functions were inlined, and where each of them stands, is told by two
 * independent records: the source positions with their inlining ids (for every instruction), and the deoptimisation
 * translation (only for places where the code can be left, such as return addresses of calls) which also tells where
 * the values are.
 */
import { limits } from '../../limits.ts';
import type { SharedFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { type Tagged, untag } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { optimizedOut, type Slot } from '../heap/slot.ts';
import type { Activation } from './activation.ts';
import type { CodeObject } from './code.ts';
import { readFunctionLiteral, readTranslated } from './translated-activations.ts';
import { leaveOutOfLine } from './out-of-line.ts';
import { findPosition, type SourcePosition, unpackPosition } from './position.ts';
import type { ScriptFrame } from './frame.ts';

/** PodArray<InliningPosition>: a packed position and the id of the inlined function's literal, padded. */
const inliningPosition = { bytes: 16, functionId: 8 } as const;

/**
 * @param physical the frame itself: function, receiver, arguments
 * @returns innermost first; the physical frame last
 */
export function readOptimized(
  heap: Heap,
  frame: ScriptFrame,
  code: CodeObject,
  physical: Activation,
): Activation[] {
  const translated = frame.isTop ? null : readTranslated(heap, frame, code, physical);
  if (translated !== null) return translated;
  const activations = readInlinedPositions(heap, frame, code).map(
    ({ shared, offset }): Activation => ({
      shared: shared ?? physical.shared,
      tier: physical.tier,
      sourceOffset: offset,
      isInlined: true,
      receiver: optimizedOut,
      arguments: Array<Slot>(Math.max(0, (shared?.formalParameters ?? 1) - 1)).fill(optimizedOut),
      registers: null,
      context: optimizedOut,
    }),
  );
  const outermost = activations.pop();
  return [...activations, { ...physical, sourceOffset: outermost?.sourceOffset ?? -1 }];
}

interface InlinedPosition {
  /** Null for the function of the frame itself. */
  readonly shared: SharedFunction | null;
  readonly offset: number;
}

/** Innermost first; the last is the frame's own function. Empty when the code has no position for this pc. */
function readInlinedPositions(heap: Heap, frame: ScriptFrame, code: CodeObject): InlinedPosition[] {
  try {
    const table = heap.byteArray(code.positions);
    if (table === null || frame.pc === null) return [];
    // A return address belongs to the call before it.
    const pcOffset = frame.pc - code.start - (frame.isTop ? 0 : 1);
    let position: SourcePosition | null = findRecorded(heap, code, table, pcOffset);
    const positions: InlinedPosition[] = [];
    while (
      position !== null &&
      position.inliningId >= 0 &&
      positions.length < limits.maxInlineDepth
    ) {
      const inlined = readInlining(heap, code.deoptimizationData, position.inliningId);
      positions.push({ shared: inlined.shared, offset: position.offset });
      position = inlined.callSite;
    }
    if (position !== null) positions.push({ shared: null, offset: position.offset });
    return positions;
  } catch (error) {
    if (error instanceof UnreadableMemory) return [];
    throw error;
  }
}

function findRecorded(
  heap: Heap,
  code: CodeObject,
  table: Uint8Array,
  pcOffset: number,
): SourcePosition | null {
  const isUnsigned = heap.layout.require('positionsUnsigned') === 1;
  const recorded = findPosition(table, pcOffset, isUnsigned);
  if (recorded === null || recorded.lastAt === null) return recorded;
  const bytes = heap.memory.bytes(code.start, code.end - code.start);
  const place = leaveOutOfLine(bytes, pcOffset, recorded.lastAt);
  return place > recorded.lastAt ? recorded : findPosition(table, place, isUnsigned);
}

function readInlining(
  heap: Heap,
  deoptimizationData: Tagged,
  inliningId: number,
): { shared: SharedFunction | null; callSite: SourcePosition } {
  const { layout, memory } = heap;
  const table = heap.element(deoptimizationData, layout.require('deoptInliningPositions'));
  const entry =
    untag(table) + layout.require('byteArrayData') + inliningId * inliningPosition.bytes;
  const packed = BigInt(memory.u32(entry)) | (BigInt(memory.u32(entry + 4)) << 32n);
  const functionId = memory.i32(entry + inliningPosition.functionId);
  return {
    shared: functionId < 0 ? null : readFunctionLiteral(heap, deoptimizationData, functionId),
    callSite: unpackPosition(packed),
  };
}
