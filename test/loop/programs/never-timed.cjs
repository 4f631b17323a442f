// Hangs in its first turn and has never set a timer; something waits for the loop all the same.
const fs = require('node:fs');

setImmediate(function later() {}); // @later
fs.writeSync(3, '\n');
for (;;);
