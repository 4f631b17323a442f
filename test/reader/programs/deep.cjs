// A hundred thousand activations of one function; each knows how deep it is, the innermost is 0 and never ends.
'use strict';
const { writeSync } = require('node:fs');

function dive(depth) {
  if (depth > 0) return dive(depth - 1) + 1;
  writeSync(3, '.');
  for (;;);
}
dive(100_000);
