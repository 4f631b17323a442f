// Ends itself with process.abort(), below functions with values.
'use strict';
function giveUp(order) {
  const reason = `bad ${order.id}`;
  process.abort(); // @abort
  return reason;
}
giveUp({ id: 'A-17' });
