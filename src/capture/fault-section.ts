/** The `fault` section: the signal in words, and what lies at the address that could not be used. */
import { readLastWords } from '../reader/last-words.ts';
import { type Mapping, findMapping, readMaps } from '../reader/memory/maps.ts';
import type { Fault } from '../report/schema.ts';
import { faultSignals, signalCause, SI_KERNEL } from './signal-causes.ts';

/** What the agent's signal handler has noted. Addresses are `0x…`. */
export interface FaultNotes {
  readonly signal: string;
  /** si_code. */
  readonly code: number;
  readonly address: string;
  /** pid that sent it; 0: nobody. */
  readonly sender: number;
  readonly registers: Readonly<Record<string, string>>;
}

/** Below the stack pointer a push or a call may touch this much before the frame is known. */
const belowStackPointerBytes = 64 << 10;
/** A frame may be as large as this and touch its far end first. */
const frameBytes = 1 << 20;
/** Further away than this, a neighbour says nothing. */
const nearBytes = 1 << 30;

/** Reads maps and memory of the process while it waits for us. Never throws. */
export function faultSection(pid: number, notes: FaultNotes): Fault {
  const { signal, code, address, sender, registers } = notes;
  const fault: Fault = { signal, registers: { ...registers } };
  const stackPointer = Number(registers['rsp'] ?? 0);
  const message = readLastWords(pid, stackPointer);
  if (message !== null) fault.message = message;
  if (code <= 0) {
    fault.code = sender === pid ? 'raised by the process itself' : 'sent by another process';
    if (sender !== pid && sender > 0) fault.senderPid = sender;
    return fault;
  }
  fault.code = signalCause(signal, code) ?? `code ${code}`;
  // For a general protection fault the kernel does not know the address and says 0.
  if (!faultSignals.has(signal) || code === SI_KERNEL) return fault;
  fault.address = address;
  try {
    const mappings = readMaps(pid);
    fault.mapping = describePlace(mappings, Number(address));
    if (isStackOverflow(mappings, Number(address), stackPointer)) fault.stackOverflow = true;
  } catch {
    // The process is gone: what was mapped there is not known any more.
  }
  return fault;
}

/** What is mapped at an address, or how far the neighbours are. */
export function describePlace(mappings: readonly Mapping[], address: number): string {
  const mapping = findMapping(mappings, address);
  if (mapping !== null) return `${describeMapping(mapping)} + ${hex(address - mapping.start)}`;
  if (address < 65_536) return 'nothing: an access through a null pointer';
  const above = mappings.find(({ start }) => start > address);
  const below = mappings.findLast(({ end }) => end <= address);
  const neighbours = [
    ...(above !== undefined && above.start - address < nearBytes
      ? [`${above.start - address} bytes below ${describeMapping(above)}`]
      : []),
    ...(below !== undefined && address - below.end < nearBytes
      ? [`${address - below.end} bytes behind ${describeMapping(below)}`]
      : []),
  ];
  return neighbours.length === 0 ? 'nothing' : `nothing: ${neighbours.join(', ')}`;
}

function describeMapping({ path, readable, writable, executable }: Mapping): string {
  const rights = `${readable ? 'r' : '-'}${writable ? 'w' : '-'}${executable ? 'x' : '-'}`;
  return `${path === '' ? 'anonymous memory' : path} (${rights})`;
}

/** The access was near the stack pointer, where nothing may be accessed, and the stack begins above. */
function isStackOverflow(
  mappings: readonly Mapping[],
  address: number,
  stackPointer: number,
): boolean {
  if (address < stackPointer - belowStackPointerBytes || address > stackPointer + frameBytes)
    return false;
  if (findMapping(mappings, address)?.writable === true) return false;
  const above = mappings.find(({ start, writable }) => start > address && writable);
  return above !== undefined && above.start - address <= frameBytes;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
