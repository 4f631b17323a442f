// A loop of one bytecode, behind another line.
'use strict';
const fs = require('node:fs');
function spin(start) {
  let turns = start + 1;
  for (;;) turns = 0; // @loop
}
fs.writeSync(3, '.');
spin(1);
