/**
 * The functions and variables of libuv and Node that the reader of the event loop starts from. Variables of
 * src/threadpool.c are static: they stand in .symtab only, under names that no other file of the official builds uses.
 */
import type { ElfSymbol } from '../memory/elf.ts';

const names = [
  // src/threadpool.c
  'wq',
  'slow_io_pending_wq',
  'run_slow_work_message',
  'exit_message',
  'nthreads',
  'threads',
  'worker',
  'uv__queue_work',
  // what the pool is given to do, and how its threads wait
  'uv__fs_work',
  'uv__getaddrinfo_work',
  'uv__getnameinfo_work',
  'uv__random_work',
  'uv_cond_wait',
  // from libuv 1.45 on: the loop counts its turns
  'uv_metrics_info',
  // node::Environment
  '_ZN4node11Environment9RunTimersEP10uv_timer_s',
] as const;

export type LoopSymbolName = (typeof names)[number];
/** What a binary has of them: addresses of the file. */
export type LoopSymbols = ReadonlyMap<LoopSymbolName, ElfSymbol>;

export const loopSymbolNames: readonly string[] = names;
/** The uv_timer_t of an Environment, which drives all timers of JavaScript, has this callback. */
export const runTimers: LoopSymbolName = '_ZN4node11Environment9RunTimersEP10uv_timer_s';

/** Picks them out of what was read of the symbol tables. */
export function pickLoopSymbols(symbols: ReadonlyMap<string, ElfSymbol>): LoopSymbols {
  const picked = new Map<LoopSymbolName, ElfSymbol>();
  for (const name of names) {
    const symbol = symbols.get(name);
    if (symbol !== undefined) picked.set(name, symbol);
  }
  return picked;
}
