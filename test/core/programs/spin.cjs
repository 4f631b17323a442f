// Spins until somebody kills it.
'use strict';
function spin(orderId) {
  const label = `order ${orderId}`;
  console.log(`ready ${process.pid}`);
  for (let attempt = 0; ; attempt = (attempt + 1) & 0xff) if (attempt < 0) return label;
}
spin('A-17');
