// Registrations of the Advanced Profile: patterns, sharing, concurrency, and taking over.
'use strict';

const assert = require('assert').strict;
const { fails, still } = require('./common');

const register = (ground, { session }, name, endpoint, options) => session.register(ground.uri(name), endpoint, options);

async function share(ground, invoke, count) {
   const callees = [];
   for (let number = 0; number < count; number++) {
      callees.push(await ground.there());
      await register(ground, callees[number], 'shared', () => number, { invoke });
   }
   return callees;
}

async function ask(ground, { session }, times) {
   const answers = [];
   while (answers.length < times) {
      answers.push(await session.call(ground.uri('shared')));
   }
   return answers;
}

module.exports = {
   'a pattern names the procedure': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const name = (args, kwargs, details) => details.procedure;
      await register(ground, callee, 'a.b', name, { match: 'prefix' });
      await register(ground, callee, 'x..z', name, { match: 'wildcard' });
      for (const one of ['a.b', 'a.b.c', 'a.bc', 'x.y.z', 'x.any.z']) {
         assert.equal(await caller.session.call(ground.uri(one)), ground.uri(one));
      }
      for (const one of ['a', 'x.z', 'x.y.y.z']) {
         await fails(caller.session.call(ground.uri(one)), 'wamp.error.no_such_procedure');
      }
   },

   'the best pattern wins': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      for (const [match, pattern] of [
         ['exact', 'a1.b2.c3'],
         ['prefix', 'a1.b2.c3'],
         ['prefix', 'a1.b2'],
         ['wildcard', 'a1..c3'],
         ['wildcard', '..c3'],
      ]) {
         await register(ground, callee, pattern, () => `${match} ${pattern}`, { match });
      }
      for (const [name, winner] of [
         ['a1.b2.c3', 'exact a1.b2.c3'],
         ['a1.b2.c3.d4', 'prefix a1.b2.c3'],
         ['a1.b2.c5', 'prefix a1.b2'],
         ['a1.b5.c3', 'wildcard a1..c3'],
         ['a2.b5.c3', 'wildcard ..c3'],
      ]) {
         assert.equal(await caller.session.call(ground.uri(name)), winner, name);
      }
   },

   'callees take turns': async (ground) => {
      const caller = await ground.here();
      await share(ground, 'roundrobin', 3);
      const answers = await ask(ground, caller, 9);
      assert.deepEqual([...answers.slice(0, 3)].sort(), [0, 1, 2]);
      assert.deepEqual(answers, [0, 1, 2].flatMap(() => answers.slice(0, 3)));
   },

   'the first callee answers': async (ground) => {
      const caller = await ground.here();
      const callees = await share(ground, 'first', 3);
      assert.deepEqual(await ask(ground, caller, 4), [0, 0, 0, 0]);
      await callees[0].leave();
      assert.deepEqual(await ask(ground, caller, 4), [1, 1, 1, 1]);
   },

   'the last callee answers': async (ground) => {
      const caller = await ground.here();
      const callees = await share(ground, 'last', 3);
      assert.deepEqual(await ask(ground, caller, 4), [2, 2, 2, 2]);
      await callees[2].leave();
      assert.deepEqual(await ask(ground, caller, 4), [1, 1, 1, 1]);
   },

   'any callee answers': async (ground) => {
      const caller = await ground.here();
      await share(ground, 'random', 2);
      // Fails once in 2^63 runs.
      assert.deepEqual(new Set(await ask(ground, caller, 64)), new Set([0, 1]));
   },

   'all callees share alike': async (ground) => {
      const [one, other] = [await ground.there(), await ground.here()];
      await register(ground, one, 'shared', () => 1, { invoke: 'roundrobin' });
      for (const invoke of ['single', 'first', 'last', 'random']) {
         await fails(
            register(ground, other, 'shared', () => 2, { invoke }),
            'wamp.error.procedure_already_exists',
            'wamp.error.procedure_exists_with_different_invocation_policy',
         );
      }
   },

   'concurrency is a limit': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      let running = 0, most = 0, open;
      const gate = new Promise((resolve) => (open = resolve));
      const work = async ([number]) => {
         running += 1;
         most = Math.max(most, running);
         running === 2 && open();
         await gate;
         running -= 1;
         return number;
      };
      await register(ground, callee, 'work', work, { invoke: 'roundrobin', concurrency: 2 });
      const numbers = [...Array(8).keys()];
      const results = await Promise.all(numbers.map((n) => caller.session.call(ground.uri('work'), [n])));
      assert.deepEqual([results, most], [numbers, 2]);
   },

   'a procedure changes hands': async (ground) => {
      const [old, other, caller] = [await ground.there(), await ground.there(), await ground.here()];
      const lost = await register(ground, old, 'mine', () => 'old');
      await register(ground, other, 'mine', () => 'new', { force_reregister: true });
      assert.equal(await caller.session.call(ground.uri('mine')), 'new');
      assert.equal(await lost.on_unregister, 'crossway.reason.procedure_taken');
      assert.equal(lost.active, false);
      await still(ground, old, caller);
   },

   'a procedure comes back': async (ground) => {
      const [one, other, caller] = [await ground.there(), await ground.there(), await ground.here()];
      for (const [number, callee] of [one, other, one, one, other].entries()) {
         await register(ground, callee, 'mine', () => number, { force_reregister: true });
         assert.equal(await caller.session.call(ground.uri('mine')), number);
      }
   },

   // Autobahn spells `prefix:name` out before it sends anything.
   'names may be short': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      caller.session.prefix('here', ground.uri('short'));
      await register(ground, callee, 'short.name', () => 'long');
      assert.equal(await caller.session.call('here:name'), 'long');
   },
};
