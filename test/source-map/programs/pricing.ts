/** Types above the code, so that its lines are others when they are gone. */
export type Currency = 'EUR' | 'SEK';

export interface OrderLine {
  readonly sku: string;
  readonly amount: number;
}

export class PriceList {
  private readonly factor: number;

  constructor(factor: number) {
    this.factor = factor;
  }

  totalOf(orderLines: readonly OrderLine[], currency: Currency): number {
    const discount = this.factor * 2;
    return addUp(orderLines, discount, currency);
  }
}

/** Waits for a customer that never comes. */
export async function awaitCustomer(customerName: string): Promise<string> {
  const visitNumber = customerName.length;
  await till!.acquire(visitNumber); // @acquires
  await new Promise<void>((resolve) => {
    held.customer = resolve;
  }); // @awaits
  return `${customerName} ${String(visitNumber)}`;
}

const till = { acquire: (visits: number): Promise<number> => Promise.resolve(visits) };
const held: { customer?: () => void } = {};

function addUp(orderLines: readonly OrderLine[], discount: number, currency: Currency): number {
  let stepCount = 0;
  const password = `of ${currency}, S3cretOfThePast`;
  ready();
  while (stepCount >= 0) {
    stepCount = (stepCount + orderLines.length) % 1_000; // @stuck
  }
  return stepCount + discount + password.length;
}

/** Tells the test that what is to be seen is there: a byte on descriptor 3. */
declare function ready(): void;
