// What the router itself can be asked, and tells: sessions, registrations, subscriptions, testaments and histories.
'use strict';

const assert = require('assert').strict;
const { fails } = require('./common');

const ask = ({ session }, name, args, kwargs) => session.call(`wamp.${name}`, args, kwargs);

// Collects what is heard of topics; `take(about, count)` returns the next events that have `about` among their arguments,
// or in the first one, as [last part of the topic, arguments].
async function log({ session }, ...topics) {
   const events = [];
   let wake = () => {};
   for (const topic of topics) {
      const name = topic.slice(topic.lastIndexOf('.') + 1);
      await session.subscribe(topic, (args) => {
         events.push([name, args]);
         wake();
      });
   }
   return async (about, count) => {
      const taken = [];
      for (;;) {
         while (events.length) {
            const [name, args] = events.shift();
            if (args.includes(about) || Object.values(Object(args[0])).includes(about)) {
               taken.push([name, args]);
            }
            if (taken.length === count) {
               return taken;
            }
         }
         await new Promise((resolve) => (wake = resolve));
      }
   };
}

const names = (events) => events.map(([name]) => name);

module.exports = {
   'sessions can be looked up': async (ground) => {
      const [asking, other] = [await ground.here(), await ground.there()];
      const ids = await ask(asking, 'session.list');
      assert(ids.includes(asking.session.id) && ids.includes(other.session.id), `${ids}`);
      assert((await ask(asking, 'session.count')) >= 2);
      assert.equal(await ask(asking, 'session.count', [['no such role']]), 0);
      const about = await ask(asking, 'session.get', [other.session.id]);
      const { authid, authrole, authmethod } = other.details;
      assert.deepEqual([about.session, about.authid], [other.session.id, authid]);
      assert.deepEqual([about.authrole, about.authmethod], [authrole, authmethod]);
      await fails(ask(asking, 'session.get', [1]), 'wamp.error.no_such_session');
   },

   'coming and going is told': async (ground) => {
      const take = await log(await ground.here(), 'wamp.session.on_join', 'wamp.session.on_leave');
      const other = await ground.there();
      const { authid, authrole } = other.details;
      const { id } = other.session;
      const [[name, [about]]] = await take(id, 1);
      assert.deepEqual([name, about.authid, about.authrole], ['on_join', authid, authrole]);
      await other.leave();
      assert.deepEqual(await take(id, 1), [['on_leave', [id, authid, authrole]]]);
   },

   'a session can be killed': async (ground) => {
      const [killer, victim, other] = [await ground.here(), await ground.there(), await ground.there()];
      const { id } = victim.session;
      await ask(killer, 'session.kill', [id], { reason: 'com.example.enough', message: 'so long' });
      await victim.gone;
      assert.equal(victim.left, 'com.example.enough');
      await fails(ask(killer, 'session.kill', [id]), 'wamp.error.no_such_session');
      const killed = other.session.id;
      assert.deepEqual(await ask(killer, 'session.kill_by_authid', [other.details.authid]), [killed]);
      await other.gone;
      assert.equal(other.left, 'wamp.close.killed');
   },

   'registrations can be looked up': async (ground) => {
      const [asking, callee] = [await ground.here(), await ground.there()];
      const topics = ['create', 'register', 'unregister', 'delete'].map((what) => `wamp.registration.on_${what}`);
      const take = await log(asking, ...topics);
      const uri = ground.uri('a.b');
      const registration = await callee.session.register(uri, () => {}, { match: 'prefix', invoke: 'roundrobin' });
      const { id } = registration;
      assert.equal(await ask(asking, 'registration.lookup', [uri, { match: 'prefix' }]), id);
      assert.equal(await ask(asking, 'registration.lookup', [uri]), null);
      assert.equal(await ask(asking, 'registration.match', [ground.uri('a.b.c')]), id);
      assert((await ask(asking, 'registration.list')).prefix.includes(id));
      const about = await ask(asking, 'registration.get', [id]);
      assert.deepEqual([about.uri, about.match, about.invoke], [uri, 'prefix', 'roundrobin']);
      assert.deepEqual(await ask(asking, 'registration.list_callees', [id]), [callee.session.id]);
      assert.equal(await ask(asking, 'registration.count_callees', [id]), 1);
      await registration.unregister();
      const events = await take(callee.session.id, 4);
      assert.deepEqual(names(events), ['on_create', 'on_register', 'on_unregister', 'on_delete']);
      assert.equal(events[0][1][1].uri, uri);
      assert.deepEqual(events.slice(1).map(([, args]) => args[1]), [id, id, id]);
      await fails(ask(asking, 'registration.get', [id]), 'wamp.error.no_such_registration');
   },

   'subscriptions can be looked up': async (ground) => {
      const [asking, subscriber] = [await ground.here(), await ground.there()];
      const topics = ['create', 'subscribe', 'unsubscribe', 'delete'].map((what) => `wamp.subscription.on_${what}`);
      const take = await log(asking, ...topics);
      const uri = ground.uri('a..c');
      const subscription = await subscriber.session.subscribe(uri, () => {}, { match: 'wildcard' });
      const { id } = subscription;
      assert.equal(await ask(asking, 'subscription.lookup', [uri, { match: 'wildcard' }]), id);
      assert.equal(await ask(asking, 'subscription.lookup', [ground.uri('a.b.c')]), null);
      assert((await ask(asking, 'subscription.match', [ground.uri('a.b.c')])).includes(id));
      assert((await ask(asking, 'subscription.list')).wildcard.includes(id));
      const about = await ask(asking, 'subscription.get', [id]);
      assert.deepEqual([about.uri, about.match], [uri, 'wildcard']);
      assert.deepEqual(await ask(asking, 'subscription.list_subscribers', [id]), [subscriber.session.id]);
      assert.equal(await ask(asking, 'subscription.count_subscribers', [id]), 1);
      await subscription.unsubscribe();
      const events = await take(subscriber.session.id, 4);
      assert.deepEqual(names(events), ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete']);
      assert.equal(events[0][1][1].uri, uri);
      assert.deepEqual(events.slice(1).map(([, args]) => args[1]), [id, id, id]);
      await fails(ask(asking, 'subscription.get', [id]), 'wamp.error.no_such_subscription');
   },

   'what one has can be taken away': async (ground) => {
      const [asking, other] = [await ground.here(), await ground.there()];
      const registration = await other.session.register(ground.uri('mine'), () => {});
      const subscription = await other.session.subscribe(ground.uri('mine'), () => {});
      const reason = 'com.example.enough';
      await ask(asking, 'registration.remove_callee', [registration.id, other.session.id], { reason });
      await ask(asking, 'subscription.remove_subscriber', [subscription.id, other.session.id], { reason });
      assert.equal(await registration.on_unregister, reason);
      assert.equal(await subscription.on_unsubscribe, reason);
      assert.deepEqual([registration.active, subscription.active], [false, false]);
      await fails(asking.session.call(ground.uri('mine')), 'wamp.error.no_such_procedure');
   },

   'a testament follows a goodbye': async (ground) => {
      const [heir, leaving] = [await ground.here(), await ground.there()];
      const take = await log(heir, ground.uri('will'));
      await ask(leaving, 'session.add_testament', [ground.uri('will'), ['mine', 1], {}], { scope: 'detached' });
      await ask(leaving, 'session.flush_testaments', [], { scope: 'detached' });
      await ask(leaving, 'session.add_testament', [ground.uri('will'), ['mine', 2], {}]);
      await leaving.leave();
      assert.deepEqual(await take('mine', 1), [['will', ['mine', 2]]]);
   },

   'a testament follows a vanished session': async (ground) => {
      const [heir, leaving] = [await ground.here(), await ground.there()];
      const take = await log(heir, ground.uri('will'));
      for (const scope of ['destroyed', 'detached']) {
         await ask(leaving, 'session.add_testament', [ground.uri('will'), ['mine', scope], {}], { scope });
      }
      leaving.vanish();
      const heard = (await take('mine', 2)).map(([, args]) => args[1]);
      assert.deepEqual(heard, ['detached', 'destroyed']);
   },

   'events of the past can be asked for': async (ground) => {
      const [publisher, asking] = [await ground.there(), await ground.here()];
      for (const number of [0, 1, 2]) {
         await publisher.session.publish(ground.uri('kept'), [number], { word: 'x' }, { acknowledge: true });
      }
      // The router under test keeps what is published to such a topic, for all runs together.
      const kept = await asking.session.subscribe('interop..kept', () => {}, { match: 'wildcard' });
      const filter = { topic: ground.uri('kept'), reverse: true, limit: 2 };
      const events = await ask(asking, 'subscription.get_events', [kept.id], filter);
      assert.deepEqual(events.map(({ args, kwargs }) => [args, kwargs]), [[[2], { word: 'x' }], [[1], { word: 'x' }]]);
   },

   'callers and publishers are disclosed by rules and on request': async (ground) => {
      const [there, here] = [await ground.there(), await ground.here()];
      const { authid, authrole } = here.details;
      for (const [name, options] of [['disclosed', {}], ['asked', { disclose_me: true }]]) {
         await there.session.register(ground.uri(name), (args, kwargs, { caller, caller_authid, caller_authrole }) => {
            return [caller, caller_authid, caller_authrole];
         });
         const answer = await here.session.call(ground.uri(name), [], {}, options);
         assert.deepEqual(answer, [here.session.id, authid, authrole]);
         let hear;
         const heard = new Promise((resolve) => (hear = resolve));
         await there.session.subscribe(ground.uri(name), (args, kwargs, details) => hear(details));
         here.session.publish(ground.uri(name), [], {}, options);
         const { publisher, publisher_authid } = await heard;
         assert.deepEqual([publisher, publisher_authid], [here.session.id, authid]);
      }
   },
};
