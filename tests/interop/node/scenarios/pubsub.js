// Publish and subscribe.
//
// A publication without an acknowledgement can't be waited for, so the publisher sends a last word on the same topic and
// the subscriber waits for that: events of one publisher arrive in the order in which they were published.
'use strict';

const assert = require('assert').strict;

const LAST = 'that was the last word';
const ACKNOWLEDGED = { acknowledge: true };

// Collects events until the last word.
async function listen(peer, topic) {
   const events = [];
   let done;
   const heard = new Promise((resolve) => (done = resolve));
   const subscription = await peer.session.subscribe(topic, (args, kwargs) => {
      args[0] === LAST ? done(events) : events.push([args, kwargs]);
   });
   return { events, heard, subscription };
}

module.exports = {
   'events of every shape': async (ground) => {
      const [subscriber, publisher] = [await ground.there(), await ground.here()];
      const listener = await listen(subscriber, ground.uri('news'));
      publisher.session.publish(ground.uri('news'));
      publisher.session.publish(ground.uri('news'), [1, 'two', null]);
      publisher.session.publish(ground.uri('news'), [], { left: 1, right: [2] });
      publisher.session.publish(ground.uri('news'), ['both'], { key: 'word' });
      publisher.session.publish(ground.uri('news'), [LAST]);
      assert.deepEqual(await listener.heard, [
         [[], {}],
         [[1, 'two', null], {}],
         [[], { left: 1, right: [2] }],
         [['both'], { key: 'word' }],
      ]);
   },

   'acknowledged publications have ids': async (ground) => {
      const { session } = await ground.here();
      const publish = (n) => session.publish(ground.uri('news'), [n], {}, ACKNOWLEDGED);
      const ids = (await Promise.all([1, 2, 3].map(publish))).map((publication) => publication.id);
      assert(new Set(ids).size === 3 && ids.every((id) => Number.isSafeInteger(id) && id >= 1), ids.join());
   },

   'the publisher is left out': async (ground) => {
      const peer = await ground.here();
      const listener = await listen(peer, ground.uri('news'));
      await peer.session.publish(ground.uri('news'), ['unheard'], {}, ACKNOWLEDGED);
      peer.session.publish(ground.uri('news'), [LAST], {}, { exclude_me: false });
      assert.deepEqual(await listener.heard, []);
   },

   'the publisher is let in on request': async (ground) => {
      const peer = await ground.here();
      const listener = await listen(peer, ground.uri('news'));
      for (const word of ['heard', LAST]) {
         peer.session.publish(ground.uri('news'), [word], {}, { exclude_me: false });
      }
      assert.deepEqual(await listener.heard, [[['heard'], {}]]);
   },

   'every subscriber hears': async (ground) => {
      const publisher = await ground.here();
      const listeners = [];
      for (let n = 0; n < 5; n++) {
         listeners.push(await listen(await ground.there(), ground.uri('news')));
      }
      for (const word of ['all', LAST]) {
         publisher.session.publish(ground.uri('news'), [word]);
      }
      for (const listener of listeners) {
         assert.deepEqual(await listener.heard, [[['all'], {}]]);
      }
   },

   'unsubscribed means silence': async (ground) => {
      const [subscriber, publisher] = [await ground.there(), await ground.here()];
      const left = await listen(subscriber, ground.uri('news'));
      await left.subscription.unsubscribe();
      await publisher.session.publish(ground.uri('news'), ['unheard'], {}, ACKNOWLEDGED);
      const kept = await listen(subscriber, ground.uri('end'));
      publisher.session.publish(ground.uri('end'), [LAST]);
      await kept.heard;
      assert.deepEqual(left.events, []);
   },

   'unsubscribing twice is an error': async (ground) => {
      const [peer, other] = [await ground.here(), await ground.there()];
      const { subscription } = await listen(peer, ground.uri('news'));
      await listen(other, ground.uri('news'));
      await subscription.unsubscribe();
      // Autobahn sends the second UNSUBSCRIBE only if its own book still holds the subscription.
      subscription.active = true;
      peer.session._subscriptions[subscription.id] = [subscription];
      await assert.rejects(Promise.resolve(subscription.unsubscribe()), { error: 'wamp.error.no_such_subscription' });
   },

   'a thousand events keep their order': async (ground) => {
      const [subscriber, publisher] = [await ground.there(), await ground.here()];
      const listener = await listen(subscriber, ground.uri('news'));
      for (let number = 0; number < 1000; number++) {
         publisher.session.publish(ground.uri('news'), [number]);
         // Let the socket breathe: a burst beyond the outbox is the router's to drop, and not what is asked here.
         if (number % 50 === 49) {
            await publisher.session.publish(ground.uri('pause'), [], {}, ACKNOWLEDGED);
         }
      }
      publisher.session.publish(ground.uri('news'), [LAST]);
      assert.deepEqual((await listener.heard).map(([args]) => args[0]), [...Array(1000).keys()]);
   },

   'a vanished subscriber harms nobody': async (ground) => {
      const publisher = await ground.here();
      const [vanishing, staying] = [await ground.there(), await ground.there()];
      await listen(vanishing, ground.uri('news'));
      const listener = await listen(staying, ground.uri('news'));
      publisher.session.publish(ground.uri('news'), ['before']);
      vanishing.vanish();
      await publisher.session.publish(ground.uri('news'), ['after'], {}, ACKNOWLEDGED);
      publisher.session.publish(ground.uri('news'), [LAST]);
      assert.deepEqual(await listener.heard, [
         [['before'], {}],
         [['after'], {}],
      ]);
   },
};
