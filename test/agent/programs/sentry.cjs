// A program with an error tracker in it. Arguments: where that is installed, and where it sends what it sees.
const [, , sentryFolder, dsn] = process.argv;
const Sentry = require(sentryFolder);

Sentry.init({ dsn, release: 'shop@1.2.3' });

function chargeOrder(order) {
  const attempt = 7;
  throw new Error(`card refused: ${order.id}, attempt ${attempt}`);
}

console.log('ready');
setImmediate(chargeOrder, { id: 'A-17' });
