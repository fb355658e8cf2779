// Calls of the Advanced Profile: results in parts, canceling, timeouts, and who calls.
'use strict';

const assert = require('assert').strict;
const { fails, still } = require('./common');

// A procedure `slow` that returns when it is told to; the promise that it was called, and what tells it.
async function slow(ground, callee) {
   let started, finish;
   const running = new Promise((resolve) => (started = resolve));
   const finished = new Promise((resolve) => (finish = resolve));
   await callee.session.register(ground.uri('slow'), () => {
      started();
      return finished;
   });
   return [running, finish];
}

// Calls and collects progress: [what came before, the result].
async function listen(caller, procedure, options = { receive_progress: true }) {
   const seen = [];
   const call = caller.session.call(procedure, [], {}, options);
   const result = await call.then((last) => last, null, (part) => seen.push(part));
   return [seen, result];
}

module.exports = {
   // Autobahn's callees can't be canceled, so they would have no progress by the letter of the specification.
   'progress arrives in order': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      assert.equal(caller.details.roles.dealer.features.progressive_call_results, true);
      await callee.session.register(ground.uri('count'), (args, kwargs, details) => {
         [0, 1, 2, 3, 4].forEach((number) => details.progress([number]));
         return 'done';
      });
      assert.deepEqual(await listen(caller, ground.uri('count')), [[0, 1, 2, 3, 4], 'done']);
   },

   'progress of every shape': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const { Result } = ground.autobahn;
      await callee.session.register(ground.uri('show'), (args, kwargs, details) => {
         details.progress();
         details.progress([1, null, 'three'], { key: { deep: [true] } });
         return new Result(['last'], { more: 1 });
      });
      assert.deepEqual(await listen(caller, ground.uri('show')), [
         [null, new Result([1, null, 'three'], { key: { deep: [true] } })],
         new Result(['last'], { more: 1 }),
      ]);
   },

   'progress may end in an error': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      await callee.session.register(ground.uri('fall'), (args, kwargs, details) => {
         details.progress(['fine so far']);
         throw new ground.autobahn.Error('com.example.error.fell', [7]);
      });
      const seen = [];
      const call = caller.session.call(ground.uri('fall'), [], {}, { receive_progress: true });
      const error = await fails(call.then(null, null, (part) => seen.push(part)), 'com.example.error.fell');
      assert.deepEqual([seen, error.args], [['fine so far'], [7]]);
   },

   'nobody asked for progress': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      await callee.session.register(ground.uri('plain'), (args, kwargs, details) => details.progress === null);
      assert.deepEqual(await listen(caller, ground.uri('plain'), {}), [[], true]);
   },

   // Whatever the mode: Autobahn forgets the call, and takes an answer to it for a broken protocol.
   'a canceled call ends for its caller alone': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const [running, finish] = await slow(ground, callee);
      for (const options of [undefined, { mode: 'skip' }, { mode: 'killnowait' }]) {
         const call = caller.session.call(ground.uri('slow'));
         await running;
         call.cancel(options);
         await fails(call, 'Cancelled');
         await still(ground, callee, caller);
      }
      finish('late');
      await still(ground, callee, caller);
   },

   // Autobahn's callees don't hear of it, so it is as if the call had been skipped. The caller does wait for an answer.
   'a killed call is told so': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const [running, finish] = await slow(ground, callee);
      const call = caller.session.call(ground.uri('slow'));
      await running;
      call.cancel({ mode: 'kill' });
      await fails(call, 'wamp.error.canceled');
      finish('late');
      await still(ground, callee, caller);
   },

   'a call may take too long': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const [, finish] = await slow(ground, callee);
      await fails(caller.session.call(ground.uri('slow'), [], {}, { timeout: 50 }), 'wamp.error.timeout');
      finish('late');
      await still(ground, callee, caller);
   },

   'a call in time is not disturbed': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      await callee.session.register(ground.uri('echo'), ([x]) => x);
      assert.equal(await caller.session.call(ground.uri('echo'), ['quick'], {}, { timeout: 5000 }), 'quick');
   },

   // Those who do not ask for it, in a realm without a rule for it.
   'callers stay unknown unless disclosed': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      // What only another router may say of a caller is not believed.
      const lie = { caller: 1, caller_authid: 'root', caller_authrole: 'admin' };
      await callee.session.register(ground.uri('who'), (args, kwargs, { caller, caller_authid, caller_authrole }) => {
         return [caller, caller_authid, caller_authrole].filter((word) => word !== undefined);
      });
      for (const options of [{}, lie]) {
         assert.deepEqual(await caller.session.call(ground.uri('who'), [], {}, options), []);
      }
   },
};
