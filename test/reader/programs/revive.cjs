// Calls JavaScript from C++ that JavaScript called, again and again: JSON.parse() asks `revive` about each value.
'use strict';
const fs = require('node:fs');
let values = 0;
function revive(key, value) {
  values++;
  return value;
}
function parse(text) {
  for (;;) JSON.parse(text, revive);
}
fs.writeSync(3, '.');
parse('[1,2,3]');
