/** How rows of the tables reach their operands, and how the tables are written. */
import { type Instruction, prefixes, type Row, rowKey } from './decode.ts';
import type { Machine } from './machine.ts';
import type { WordBytes } from './words.ts';

/** The operand that is a register or memory. */
export function loadOperand(
  machine: Machine,
  { other, address }: Instruction,
  size: WordBytes,
): bigint {
  return other === null ? machine.load(address, size) : machine.register(other, size);
}

export function storeOperand(
  machine: Machine,
  { other, address }: Instruction,
  size: WordBytes,
  value: bigint,
): void {
  if (other === null) machine.store(address, size, value);
  else machine.setRegister(other, size, value);
}

export const modRm = { hasModRm: true, immediate: 0 } as const;

/** Without its sign, as wide as the operand. */
export function unsignedImmediate({ immediate }: Instruction, size: WordBytes): bigint {
  return BigInt.asUintN(size * 8, immediate);
}

/** Collects the rows of one table. */
export class Table {
  readonly rows = new Map<number, Row>();

  add(map: number, opcode: number, row: Row, only: readonly (0 | 1 | 2 | 3)[] = [0, 1]): void {
    for (const prefix of only) this.rows.set(rowKey(map, opcode, prefix), row);
  }

  /** A row with ModRM and no immediate. */
  modRm(map: number, opcode: number, run: Row['run'], more: Partial<Row> = {}): void {
    this.add(map, opcode, { hasModRm: true, immediate: 0, run, ...more });
  }

  /** A one-byte opcode for bytes, and the one behind it for words. */
  sizes(
    opcode: number,
    row: Omit<Row, 'run'>,
    run: (machine: Machine, instruction: Instruction, size: WordBytes) => void,
  ): void {
    const { hasModRm, immediate, bytes = 'both' } = row;
    this.add(0, opcode, {
      hasModRm,
      bytes,
      immediate: (operation) => {
        const wide = typeof immediate === 'function' ? immediate(operation) : immediate;
        return wide === 0 ? 0 : 1;
      },
      run: (machine, instruction) => {
        run(machine, instruction, 1);
      },
    });
    this.add(0, opcode + 1, {
      hasModRm,
      immediate,
      run: (machine, instruction) => {
        run(machine, instruction, instruction.size);
      },
    });
  }

  plain(map: number, opcode: number, run: Row['run'], more: Partial<Row> = {}): void {
    this.add(map, opcode, { hasModRm: false, immediate: 0, run, ...more });
  }

  /** A vector instruction, with and without VEX. */
  vector(
    map: number,
    opcode: number,
    prefix: keyof typeof prefixes,
    run: Row['run'],
    immediate: 0 | 1 = 0,
  ): void {
    this.add(map, opcode, { hasModRm: true, immediate, isVector: true, run }, [prefixes[prefix]]);
  }
}
