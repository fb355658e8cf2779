// What several groups need.
'use strict';

const assert = require('assert').strict;

// Waits for `request` to fail with one of the errors `uris` and returns the error.
async function fails(request, ...uris) {
   let result;
   try {
      result = await request;
   } catch (error) {
      const found = error.error || error.message;
      assert(uris.includes(found), `not ${uris}, but ${found} ${JSON.stringify(error)}`);
      return error;
   }
   assert.fail(`no ${uris}, but ${JSON.stringify(result)}`);
}

let number = 0;

// Both sessions have lived through all that.
async function still(ground, callee, caller) {
   number += 1;
   const here = ground.uri(`after${number}`);
   await callee.session.register(here, () => 'here');
   assert.equal(await caller.session.call(here), 'here');
}

module.exports = { fails, still };
