// Remote procedure calls of the Basic Profile.
'use strict';

const assert = require('assert').strict;
const { NotHere } = require('../ground');
const { fails } = require('./common');

// A procedure that never returns, and the promise that it was called.
function endless() {
   let started;
   const running = new Promise((resolve) => (started = resolve));
   return [running, () => new Promise(() => started())];
}

module.exports = {
   'arguments of every shape': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const got = [];
      await callee.session.register(ground.uri('take'), (args, kwargs) => got.push([args, kwargs]));
      await caller.session.call(ground.uri('take'));
      await caller.session.call(ground.uri('take'), [1, 'two', null]);
      await caller.session.call(ground.uri('take'), [], { left: 1, right: [2, 3] });
      await caller.session.call(ground.uri('take'), ['both'], { key: { deep: true } });
      assert.deepEqual(got, [
         [[], {}],
         [[1, 'two', null], {}],
         [[], { left: 1, right: [2, 3] }],
         [['both'], { key: { deep: true } }],
      ]);
   },

   'results of every shape': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const { Result } = ground.autobahn;
      const answers = {
         nothing: null,
         one: 23,
         list: [1, [2]],
         several: new Result([1, 2, 3]),
         named: new Result([], { sum: 5, parts: [2, 3] }),
         both: new Result(['x'], { y: 'z' }),
      };
      await callee.session.register(ground.uri('ask'), ([question]) => answers[question]);
      for (const [question, answer] of Object.entries(answers)) {
         assert.deepEqual(await caller.session.call(ground.uri('ask'), [question]), answer, question);
      }
   },

   // JavaScript's `undefined` has a spelling of its own in CBOR; to every caller it is nothing.
   'a procedure that returns nothing': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      if (callee.serializer === 'msgpack') {
         throw new NotHere('msgpack5 refuses to encode undefined, so that autobahn never answers');
      }
      await callee.session.register(ground.uri('hush'), () => {});
      const result = await caller.session.call(ground.uri('hush'));
      assert(result === null || result === undefined, JSON.stringify(result));
   },

   'errors carry their payload': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const seats = { free: 0, of: [1, null] };
      await callee.session.register(ground.uri('refuse'), () => {
         throw new ground.autobahn.Error('com.example.error.full', ['no room', 7], { seats });
      });
      const error = await fails(caller.session.call(ground.uri('refuse')), 'com.example.error.full');
      assert.deepEqual([error.args, error.kwargs], [['no room', 7], { seats }]);
   },

   'an exception is a runtime error': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      await callee.session.register(ground.uri('break'), () => {
         throw 'broken';
      });
      const error = await fails(caller.session.call(ground.uri('break')), 'wamp.error.runtime_error');
      assert.deepEqual(error.args, ['broken']);
   },

   'a mebibyte each way': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const text = '0123456789äöü€🚀!'.repeat(46000);
      const binary = Buffer.alloc(2 ** 20, Buffer.from([...Array(256).keys()]));
      await callee.session.register(ground.uri('echo'), ([value]) => value);
      assert((await caller.session.call(ground.uri('echo'), [text])) === text, 'the text changed');
      const back = await caller.session.call(ground.uri('echo'), [caller.spell(binary)]);
      assert(caller.binary ? binary.equals(back) : back === caller.spell(binary), 'the binary changed');
   },

   'many calls at once': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const waiting = [];
      await callee.session.register(ground.uri('square'), ([number]) => {
         const result = new Promise((resolve) => waiting.unshift(() => resolve(number * number)));
         if (waiting.length === 200) {
            waiting.forEach((answer) => answer()); // the last one first
         }
         return result;
      });
      const numbers = [...Array(200).keys()];
      const results = await Promise.all(numbers.map((n) => caller.session.call(ground.uri('square'), [n])));
      assert.deepEqual(results, numbers.map((n) => n * n));
   },

   'a procedure calls another': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      await caller.session.register(ground.uri('inner'), ([x]) => x + 1);
      await callee.session.register(ground.uri('outer'), async ([x]) => {
         return 2 * (await callee.session.call(ground.uri('inner'), [x]));
      });
      assert.equal(await caller.session.call(ground.uri('outer'), [20]), 42);
   },

   'a session calls itself': async (ground) => {
      const { session } = await ground.here();
      await session.register(ground.uri('negate'), ([x]) => -x);
      assert.equal(await session.call(ground.uri('negate'), [4]), -4);
   },

   'unknown procedure is an error': async (ground) => {
      const { session } = await ground.here();
      await fails(session.call(ground.uri('nobody')), 'wamp.error.no_such_procedure');
   },

   'a procedure is registered once': async (ground) => {
      const [first, second] = [await ground.there(), await ground.here()];
      await first.session.register(ground.uri('taken'), () => 'first');
      const again = second.session.register(ground.uri('taken'), () => 'second');
      await fails(again, 'wamp.error.procedure_already_exists');
      assert.equal(await second.session.call(ground.uri('taken')), 'first');
   },

   'an unregistered procedure is gone': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const registration = await callee.session.register(ground.uri('brief'), () => 1);
      assert.equal(await caller.session.call(ground.uri('brief')), 1);
      await registration.unregister();
      await fails(caller.session.call(ground.uri('brief')), 'wamp.error.no_such_procedure');
      await callee.session.register(ground.uri('brief'), () => 2);
      assert.equal(await caller.session.call(ground.uri('brief')), 2);
   },

   'leaving takes registrations along': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      await callee.session.register(ground.uri('mine'), () => 1);
      await callee.leave();
      await fails(caller.session.call(ground.uri('mine')), 'wamp.error.no_such_procedure');
   },

   'a vanished callee cancels its calls': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const [running, never] = endless();
      await callee.session.register(ground.uri('never'), never);
      const canceled = fails(caller.session.call(ground.uri('never')), 'wamp.error.canceled');
      await running;
      callee.vanish();
      await canceled;
      await fails(caller.session.call(ground.uri('never')), 'wamp.error.no_such_procedure');
      await (await ground.there()).session.register(ground.uri('never'), () => 'again');
      assert.equal(await caller.session.call(ground.uri('never')), 'again');
   },

   'a leaving callee cancels its calls': async (ground) => {
      const [callee, caller] = [await ground.there(), await ground.here()];
      const [running, never] = endless();
      await callee.session.register(ground.uri('never'), never);
      const canceled = fails(caller.session.call(ground.uri('never')), 'wamp.error.canceled');
      await running;
      await callee.leave();
      await canceled;
   },
};
