/**
 * Both optimising compilers put rare paths (a write barrier, a full budget, a boxed number) behind all other code, and
 * record no source positions for them. By its address such a place would seem to be where the function's last position
 * is, often its return. It belongs to where the code jumps there from:
 *
 *     sub dword ptr [rax + 0x13], 0x3c
 *     jl  rare                           position of the loop
 *     …
 *     ret                                last position recorded
 *     rare: push rax …                   none
 *
 * Sources: MaglevCodeGenerator::EmitDeferredCode (src/maglev/maglev-code-generator.cc) and OutOfLineCode in
 * CodeGenerator::AssembleCode (src/compiler/backend/code-generator.cc); jumps to labels not yet bound are far ones.
 */

interface FarJump {
  readonly from: number;
  readonly to: number;
}

/** Rare paths jump within themselves, and into one another. */
const maxJumps = 32;
/** 0f 80+condition rel32, and e9 rel32. */
const conditional = { bytes: 6, prefix: 0x0f, opcode: 0x80 } as const;
const unconditional = { bytes: 5, opcode: 0xe9 } as const;

/**
 * Where in the code that has positions a place belongs to.
 * @param code the machine code, bytes
 * @param offset of an instruction in it
 * @param lastRecorded offset of the last instruction with a position
 * @returns an offset the position of which is that of the place; `offset` itself when no jump leads there
 */
export function leaveOutOfLine(code: Uint8Array, offset: number, lastRecorded: number): number {
  if (offset <= lastRecorded) return offset;
  const jumps = readFarJumps(code, lastRecorded);
  let place = offset;
  for (let count = 0; count < maxJumps && place > lastRecorded; count++) {
    const jump = jumpAbove(jumps, place);
    if (jump === null) break;
    place = jump.from;
  }
  return place;
}

/** The jump to the path that a place is in: the last one that begins at or before it. */
function jumpAbove(jumps: readonly FarJump[], place: number): FarJump | null {
  let above: FarJump | null = null;
  for (const jump of jumps) if (jump.to <= place && jump.to > (above?.to ?? -1)) above = jump;
  return above;
}

/** Those that lead behind `after`. */
function readFarJumps(code: Uint8Array, after: number): FarJump[] {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const jumps: FarJump[] = [];
  for (let from = 0; from + conditional.bytes <= code.length; from++) {
    const length = farJumpBytes(code, from);
    if (length === null) continue;
    const to = from + length + view.getInt32(from + length - 4, true);
    if (to > after && to < code.length) jumps.push({ from, to });
  }
  return jumps;
}

function farJumpBytes(code: Uint8Array, at: number): number | null {
  if (code[at] === unconditional.opcode) return unconditional.bytes;
  const isConditional =
    code[at] === conditional.prefix && ((code[at + 1] ?? 0) & 0xf0) === conditional.opcode;
  return isConditional ? conditional.bytes : null;
}
