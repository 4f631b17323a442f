/** What is looked for in a search for those who settle promises. */
import type { Tagged } from '../layout/tagged.ts';
import type { Entry } from './backing-stores.ts';
import type { Lead } from './listeners.ts';
import type { OwnerLead } from './owners.ts';

/** `keeper`: who has it may be about something, and no more is asked. */
export type Role = 'promise' | 'resolving' | 'resolver' | 'closure' | 'keeper';

/** Something whose holders are looked for. */
export interface Wanted {
  readonly leaf: Tagged;
  readonly address: Tagged;
  readonly role: Role;
  /** What is held: the promise or the resolve function behind the backing store that `address` may be. */
  readonly value: Tagged;
  /** Where the backing store has it. */
  readonly entry: Entry | null;
  /** It is the reject function, or leads to it. */
  readonly isReject: boolean;
  /** From a listener to what it listens to, or from a container to whose it is. */
  readonly lead?: Lead | OwnerLead;
}

/** Equal for what need not be looked for twice: listeners of several events may be in one table. */
export function identityOf({ leaf, address, lead }: Wanted): string {
  const event = lead !== undefined && 'event' in lead ? lead.event : '';
  return `${leaf} ${address} ${lead?.kind ?? ''} ${event}`;
}
