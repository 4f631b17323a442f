// A primary and its workers. One of them fails in the middle of its work; the other is asked to go on.
const cluster = require('node:cluster');

if (cluster.isPrimary) {
  const failing = cluster.fork({ ROLE: 'failing' });
  const healthy = cluster.fork({ ROLE: 'healthy' });
  failing.on('exit', (code) => {
    console.log('failing', failing.process.pid, 'ended with', code);
    healthy.send('work');
  });
  healthy.on('message', (word) => {
    console.log('healthy', healthy.process.pid, word);
    cluster.disconnect();
  });
} else if (process.env.ROLE === 'failing') {
  const shipOrder = (order) => {
    throw new Error(`no crate for ${order.id}`);
  };
  setImmediate(shipOrder, { id: 'B-5' });
} else {
  process.on('message', () => process.send('worked'));
}
