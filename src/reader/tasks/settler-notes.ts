/** What is known so far of who settles which promise: of several findings the most telling stays. */
import type { Tagged } from '../layout/tagged.ts';
import type { Owner } from './owners.ts';
import { better, isLastEvent, type Settler } from './settler.ts';

/** A promise, and by which of its functions it was come to. */
interface Found {
  readonly leaf: Tagged;
  readonly role: string;
  readonly isReject: boolean;
}

export class SettlerNotes {
  readonly #settlers = new Map<Tagged, Settler>();
  readonly #owners = new Map<Tagged, Owner>();

  /** By promise. */
  get settlers(): ReadonlyMap<Tagged, Settler> {
    const owned = [...this.#settlers].map(([leaf, settler]): [Tagged, Settler] => {
      const owner = this.#owners.get(leaf);
      const isOwned = settler.kind === 'kept' && owner !== undefined;
      return [leaf, isOwned ? { ...settler, owner: owner.words } : settler];
    });
    return new Map(owned);
  }

  add(leaf: Tagged, settler: Settler): void {
    const known = this.#settlers.get(leaf);
    this.#settlers.set(leaf, known === undefined ? settler : better(known, settler));
  }

  kept({ leaf, isReject }: Found, where: string, about: string): void {
    this.add(leaf, { kind: 'kept', where, about, isReject });
  }

  variable(found: Found, where: string): void {
    if (found.role === 'resolver') this.kept(found, where, '');
    else this.add(found.leaf, { kind: 'held', where, isVariable: true });
  }

  /** Whose it is, what keeps the resolve function. Of several that one is told which says more. */
  owned(leaf: Tagged, owner: Owner): void {
    const known = this.#owners.get(leaf);
    const isBetter =
      known === undefined ||
      (owner.isObject === known.isObject ? owner.words < known.words : owner.isObject);
    if (isBetter) this.#owners.set(leaf, owner);
  }

  /** True when it is known who settles it, and not yet what that is about. */
  lacksSubject(leaf: Tagged): boolean {
    const settler = this.#settlers.get(leaf);
    return (
      settler !== undefined &&
      'about' in settler &&
      (settler.about === '' || isLastEvent(settler.about))
    );
  }

  /** @param about may be empty */
  addSubject(leaf: Tagged, about: string): void {
    const settler = this.#settlers.get(leaf);
    if (about === '' || !this.lacksSubject(leaf)) return;
    if (settler !== undefined && 'about' in settler)
      this.#settlers.set(leaf, { ...settler, about });
  }
}
