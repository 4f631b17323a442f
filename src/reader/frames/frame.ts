/** What the unwinder works on and what it finds. */
import type { Tagged } from '../layout/tagged.ts';
import type { Registers } from '../memory/registers.ts';
import type { Address } from '../memory/source.ts';
import type { IsolateState } from './isolate.ts';

/** One frame that people may want to see, or below which such are; stub frames are passed over. */
export type UnwoundFrame = ScriptFrame | WasmFrame | ExitFrame | EntryFrame | TornFrame;

/** A frame of a JavaScript function, of whatever tier, or of a builtin written like one. */
export interface ScriptFrame {
  readonly kind: 'script';
  readonly fp: Address;
  /** Current instruction, or the return address into this frame; null when it is not known. */
  readonly pc: Address | null;
  /** True: pc is where the thread stood. False: pc is a return address. */
  readonly isTop: boolean;
  readonly function: Tagged;
  /** Registers of the thread; only for the top frame. */
  readonly registers: Registers | null;
  /** Caught before the frame was built: only the incoming arguments are valid. */
  readonly isEntering: boolean;
  /** True: called by `new`, or as `new` would call. */
  readonly isConstruct?: boolean;
}

/** A frame of WebAssembly, or of a builtin that works for it. */
export interface WasmFrame {
  readonly kind: 'wasm';
  /** Null: caught before the frame was built. */
  readonly fp: Address | null;
  readonly pc: Address;
  /** True: pc is where the thread stood. False: pc is a return address. */
  readonly isTop: boolean;
}

/** JavaScript called something native. */
export interface ExitFrame {
  readonly kind: 'exit';
  readonly fp: Address;
  readonly type: string;
}

/** C++ called JavaScript: below are the frames of that C++. */
export interface EntryFrame {
  readonly kind: 'entry';
  readonly fp: Address;
  readonly type: string;
}

/** A frame of JavaScript; what stands where its function should be is none. */
export interface TornFrame {
  readonly kind: 'torn';
  readonly fp: Address;
}

export interface UnwindResult {
  readonly frames: readonly UnwoundFrame[];
  /** Frames left out of the middle; they stood before the one of this index. */
  readonly omitted?: { readonly before: number; readonly count: number };
  /** A sentence when there is no JavaScript to show. */
  readonly note?: string;
  /** Why the walk ended early, if it did. */
  readonly brokenAt?: string;
}

export interface UnwindStart {
  readonly isolate: IsolateState;
  /** Null when the thread could not be stopped; then only what V8 noted at its exit from JavaScript is used. */
  readonly registers: Registers | null;
  /** The innermost frame and the place of its call, when that was worked out otherwise. */
  readonly at?: { readonly fp: Address; readonly pc: Address };
  /** A frame pointer known otherwise, for a thread without registers that runs JavaScript. */
  readonly framePointer?: Address;
}

/** A place on the walk. `registers` are those of the thread while this is the frame it stood in. */
export interface WalkState {
  readonly fp: Address;
  readonly pc: Address | null;
  readonly registers: Registers | null;
}

/** Typed frames have a marker at fp - 8: twice the type, and types are small. */
const largestMarker = 512;

/** True for the word at fp - 8 of a typed frame. */
export function isFrameMarker(word: number): boolean {
  return word % 2 === 0 && word < largestMarker;
}
