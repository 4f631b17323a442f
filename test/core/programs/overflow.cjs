// With --stack-size=60000 V8 believes in more stack than there is: a true SIGSEGV.
'use strict';
function descend(depth) {
  return descend(depth + 1) + 1;
}
descend(0);
