/**
 * Offsets of Isolate fields, read off the machine code of the builtin that enters JavaScript.
 *
 * They are exported nowhere and move with every version, but `JSEntry` (src/builtins/x64/builtins-x64.cc,
 * Generate_JSEntryVariant) touches them in a fixed order, relative to the root register r13, which points
 * `rootBias` bytes into the isolate:
 *
 *     41 ff b5 disp32    push [r13 + disp]     1st: c_entry_fp      V8 >= 13: 2nd, 3rd: fast_c_call_caller_fp, _pc
 *     49 8b 85 disp32    mov rax, [r13 + disp] 1st: js_entry_sp
 *
 * `current_vm_state` follows js_entry_sp by 16 bytes in all versions from 10.2 to 14.6 (src/execution/thread-local-top.h;
 * checked against the code of Isolate::SetIdle).
 */
import { SleeperError } from '../../errors.ts';
import type { NodeBinary } from './node-binary.ts';

export interface IsolateOffsets {
  /** Frame pointer of the innermost exit frame while the thread is in C++. */
  readonly cEntryFp: number;
  readonly jsEntrySp: number;
  readonly vmState: number;
  /** In the order of their pushes, behind cEntryFp. */
  readonly laterPushes: readonly number[];
}

const rootBias = 0x80;
const vmStateBehindEntrySp = 16;

/** @throws SleeperError ERR_SLEEPER_UNSUPPORTED_NODE when the code does not look as expected */
export function readIsolateOffsets(binary: NodeBinary): IsolateOffsets {
  const code = binary.jsEntryCode;
  const [cEntryFp, ...laterPushes] = displacements(code, [0x41, 0xff, 0xb5]);
  const [jsEntrySp] = displacements(code, [0x49, 0x8b, 0x85]);
  if (cEntryFp === undefined || jsEntrySp === undefined)
    throw new SleeperError(
      'ERR_SLEEPER_UNSUPPORTED_NODE',
      `The entry code of V8 ${binary.v8Version} in ${binary.path} is not of the known form.`,
      { v8Version: binary.v8Version },
    );
  return { cEntryFp, jsEntrySp, vmState: jsEntrySp + vmStateBehindEntrySp, laterPushes };
}

function displacements(code: Buffer, opcode: readonly [number, number, number]): number[] {
  const found: number[] = [];
  for (let at = 0; at + 7 <= code.length; at++)
    if (code[at] === opcode[0] && code[at + 1] === opcode[1] && code[at + 2] === opcode[2]) {
      found.push(code.readInt32LE(at + 3) + rootBias);
      at += 6;
    }
  return found;
}
