import { ready } from '../../ready.mjs';

class PaymentError extends Error {
  name = 'PaymentError';
  constructor(message, orderId, options) {
    super(message, options);
    this.orderId = orderId;
    this.retryable = false;
    this.attempts = [120, 480];
  }
}

function chargeCard(card) {
  throw new RangeError(`card ${card.last4} has expired`); // @cause
}

function payOrder(orderId) {
  try {
    chargeCard({ last4: '4242' });
  } catch (cause) {
    throw new PaymentError(`order ${orderId} was not paid`, orderId, { cause }); // @thrown
  }
}

ready();
setImmediate(() => payOrder('A-17'));
