// Subscriptions of the Advanced Profile: patterns, lists, and events that are kept for later.
'use strict';

const assert = require('assert').strict;

// Collects what arrives, with the details; `until(last)` waits for the word `last` and returns what came before.
async function listen(peer, topic, options) {
   const events = [];
   let wake = () => {};
   const hear = ([word], kwargs, details) => {
      events.push([word, details]);
      wake();
   };
   const subscription = await peer.session.subscribe(topic, hear, options);
   const until = async (last) => {
      let end;
      while ((end = events.findIndex(([word]) => word === last)) < 0) {
         await new Promise((resolve) => (wake = resolve));
      }
      return events.splice(0, end + 1).slice(0, -1);
   };
   return { subscription, until };
}

const words = (events) => events.map(([word]) => word);

// A publisher, three subscribers and their listeners.
async function audience(ground) {
   const publisher = await ground.here();
   const peers = [await ground.there(), await ground.there(), await ground.there()];
   const listeners = [];
   for (const peer of peers) {
      listeners.push(await listen(peer, ground.uri('news')));
   }
   return [publisher, peers, listeners];
}

async function heard(ground, publisher, listeners) {
   publisher.session.publish(ground.uri('news'), ['end']);
   return Promise.all(listeners.map(async (listener) => words(await listener.until('end'))));
}

const keep = ({ session }, topic, word) => session.publish(topic, [word], {}, { retain: true, acknowledge: true });

module.exports = {
   'patterns hear what they match': async (ground) => {
      const [subscriber, publisher] = [await ground.there(), await ground.here()];
      for (const [match, pattern, matching] of [
         ['prefix', 'a.b', ['a.b', 'a.b.c', 'a.bc']],
         ['wildcard', 'a..c', ['a.b.c', 'a.x.c']],
      ]) {
         const { subscription, until } = await listen(subscriber, ground.uri(pattern), { match });
         for (const name of ['a', 'a.b', 'a.b.c', 'a.bc', 'a.x.c', 'a.x.c.d', 'b']) {
            publisher.session.publish(ground.uri(name), [name]);
         }
         publisher.session.publish(ground.uri('a.b.c'), ['end']);
         const events = await until('end');
         assert.deepEqual(words(events), matching, pattern);
         assert.deepEqual(events.map(([, details]) => details.topic), matching.map((name) => ground.uri(name)));
         await subscription.unsubscribe();
      }
   },

   'every matching subscription has the publication': async (ground) => {
      const [subscriber, publisher] = [await ground.there(), await ground.here()];
      const listeners = [];
      for (const [match, topic] of [['exact', 'a.b.c'], ['prefix', 'a.b'], ['wildcard', 'a..c']]) {
         listeners.push(await listen(subscriber, ground.uri(topic), { match }));
      }
      publisher.session.publish(ground.uri('a.b.c'), ['once']);
      publisher.session.publish(ground.uri('a.b.c'), ['end']);
      const events = (await Promise.all(listeners.map((listener) => listener.until('end')))).flat();
      assert.deepEqual(words(events), ['once', 'once', 'once']);
      assert.equal(new Set(events.map(([, details]) => details.publication)).size, 1);
   },

   // Two handlers of one session on one topic are one subscription to the router.
   'one subscription may have several handlers': async (ground) => {
      const [subscriber, publisher] = [await ground.there(), await ground.here()];
      const [one, other] = [await listen(subscriber, ground.uri('news')), await listen(subscriber, ground.uri('news'))];
      assert.equal(one.subscription.id, other.subscription.id);
      publisher.session.publish(ground.uri('news'), ['both']);
      publisher.session.publish(ground.uri('news'), ['end']);
      assert.deepEqual(words(await one.until('end')), ['both']);
      await one.subscription.unsubscribe();
      publisher.session.publish(ground.uri('news'), ['still']);
      publisher.session.publish(ground.uri('news'), ['over']);
      assert.deepEqual(words(await other.until('over')), ['both', 'end', 'still']);
   },

   'lists of sessions choose who hears': async (ground) => {
      const [publisher, peers, listeners] = await audience(ground);
      const [one, two] = peers.map((peer) => peer.session.id);
      for (const [word, options] of [
         ['not one', { exclude: [one] }],
         ['not one, two', { exclude: [one, two] }],
         ['only two', { eligible: [two] }],
         ['only one, two, but not two', { eligible: [one, two], exclude: [two] }],
         ['nobody', { eligible: [1] }],
         ['everybody', {}],
      ]) {
         publisher.session.publish(ground.uri('news'), [word], {}, options);
      }
      assert.deepEqual(await heard(ground, publisher, listeners), [
         ['only one, two, but not two', 'everybody'],
         ['not one', 'only two', 'everybody'],
         ['not one', 'not one, two', 'everybody'],
      ]);
   },

   'lists of users and roles choose who hears': async (ground) => {
      const [publisher, peers, listeners] = await audience(ground);
      const { authid, authrole } = peers[0].details;
      for (const [word, options] of [
         ['not one', { exclude_authid: [authid] }],
         ['only one', { eligible_authid: [authid] }],
         ['all of the role', { eligible_authrole: [authrole] }],
         ['none of the role', { exclude_authrole: [authrole] }],
         ['the role, not one', { eligible_authrole: [authrole], exclude_authid: [authid] }],
      ]) {
         publisher.session.publish(ground.uri('news'), [word], {}, options);
      }
      const others = ['not one', 'all of the role', 'the role, not one'];
      assert.deepEqual(await heard(ground, publisher, listeners), [['only one', 'all of the role'], others, others]);
   },

   'publishers stay unknown unless disclosed': async (ground) => {
      const [publisher, , [listener]] = await audience(ground);
      publisher.session.publish(ground.uri('news'), ['who?']);
      publisher.session.publish(ground.uri('news'), ['end']);
      const [[, details]] = await listener.until('end');
      assert.deepEqual([details.publisher, details.publisher_authid, details.publisher_authrole], [, , ,].fill(undefined));
   },

   'a retained event waits for subscribers': async (ground) => {
      const publisher = await ground.here();
      await keep(publisher, ground.uri('news'), 'first');
      await keep(publisher, ground.uri('news'), 'second');
      await publisher.session.publish(ground.uri('news'), ['third'], {}, { acknowledge: true });
      const withIt = await listen(await ground.there(), ground.uri('news'), { get_retained: true });
      const without = await listen(await ground.there(), ground.uri('news'));
      publisher.session.publish(ground.uri('news'), ['end']);
      const [[word, details], ...more] = await withIt.until('end');
      assert.deepEqual([word, details.retained, more], ['second', true, []]);
      assert.deepEqual(await without.until('end'), []);
   },

   'a pattern gets what is retained below it': async (ground) => {
      const publisher = await ground.here();
      for (const name of ['a.b.one', 'a.b.two', 'a.c']) {
         await keep(publisher, ground.uri(name), name);
      }
      const options = { match: 'prefix', get_retained: true };
      const { until } = await listen(await ground.there(), ground.uri('a.b'), options);
      publisher.session.publish(ground.uri('a.b'), ['end']);
      const events = await until('end');
      assert.deepEqual(
         events.map(([word, details]) => [word, details.topic]),
         ['a.b.one', 'a.b.two'].map((name) => [name, ground.uri(name)]),
      );
   },
};
