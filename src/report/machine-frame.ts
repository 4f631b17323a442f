/** Tells C++ frames apart. Pure. */
import type { Frame } from './schema.ts';

/**
 * True for an activation of C++ machine code, unwound by tables: it stands in a file. A native frame without one is a
 * function that JavaScript called by name, with the arguments that JavaScript gave it.
 */
export function isMachineFrame(frame: Frame): boolean {
  return frame.kind === 'native' && frame.file !== undefined;
}
