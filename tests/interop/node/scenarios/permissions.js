// What a role may do, as `permissions.toml` says, and how a client is told what it may not.
'use strict';

const assert = require('assert').strict;
const { fails } = require('./common');

const ACKNOWLEDGED = { acknowledge: true };
const DENIED = 'wamp.error.not_authorized';
const PERMITTED = { realm: 'permitted' };

const denied = (request) => fails(request, DENIED);

module.exports = {
   'what is allowed works': async (ground) => {
      const { session } = await ground.here(PERMITTED);
      await session.register(ground.uri('open'), ([a, b]) => a + b);
      assert.equal(await session.call(ground.uri('open'), [2, 3]), 5);
      const heard = new Promise((resolve) => session.subscribe(ground.uri('open'), ([word]) => resolve(word)));
      await session.publish(ground.uri('open'), ['news'], {}, { acknowledge: true, exclude_me: false });
      assert.equal(await heard, 'news');
   },

   'what is not allowed is refused': async (ground) => {
      const { session } = await ground.here(PERMITTED);
      await denied(session.register(ground.uri('heard'), () => {}));
      await denied(session.subscribe(ground.uri('offered'), () => {}));
      await denied(session.publish(ground.uri('heard'), [1], {}, ACKNOWLEDGED));
      await session.subscribe(ground.uri('heard'), () => {});
   },

   'a denial does not tell what exists': async (ground) => {
      const { session } = await ground.here(PERMITTED);
      await denied(session.call(ground.uri('offered')));
      await session.register(ground.uri('offered'), () => {});
      await denied(session.call(ground.uri('offered')));
   },

   'a publication that is not acknowledged is lost in silence': async (ground) => {
      const [publisher, subscriber] = [await ground.here(PERMITTED), await ground.here(PERMITTED)];
      let hear;
      const heard = new Promise((resolve) => (hear = resolve));
      await subscriber.session.subscribe(ground.uri('heard'), ([word]) => hear(word));
      await subscriber.session.subscribe(ground.uri('open'), ([word]) => hear(word));
      publisher.session.publish(ground.uri('heard'), ['unheard']);
      publisher.session.publish(ground.uri('open'), ['last word']);
      assert.equal(await heard, 'last word');
      // It lived through that.
      await publisher.session.publish(ground.uri('open'), ['later'], {}, ACKNOWLEDGED);
   },

   'options may be forbidden': async (ground) => {
      const { session } = await ground.here(PERMITTED);
      await session.publish(ground.uri('fleeting'), [], {}, ACKNOWLEDGED);
      const retained = session.publish(ground.uri('fleeting'), [], {}, { acknowledge: true, retain: true });
      await fails(retained, 'wamp.error.option_not_allowed');
   },

   'a pattern needs all that it matches': async (ground) => {
      const { session } = await ground.here(PERMITTED);
      await denied(session.subscribe(ground.uri('tree.'), () => {}, { match: 'wildcard' }));
      await denied(session.register(ground.uri('tree.'), () => {}, { match: 'wildcard' }));
      await session.subscribe(ground.uri('tree.leaf'), () => {});
      await denied(session.subscribe(ground.uri('tree.key'), () => {}));
      // More than any permission covers.
      await denied(session.subscribe(ground.uri('tree'), () => {}, { match: 'prefix' }));
   },

   'the router can be asked by those who may': async (ground) => {
      const { session } = await ground.here(PERMITTED);
      await denied(session.call('wamp.session.count'));
      await denied(session.subscribe('wamp.session.on_join', () => {}));
   },

   'without roles nobody may change anything for others': async (ground) => {
      const { session } = await ground.here({ realm: 'unruled' });
      assert((await session.call('wamp.session.count')) >= 1);
      await denied(session.call('wamp.session.kill', [session.id]));
      await denied(session.call('wamp.session.kill_all'));
      await denied(session.call('wamp.session.add_testament', [ground.uri('will'), [], {}]));
      const registration = await session.register(ground.uri('mine'), () => 'mine');
      await denied(session.call('wamp.registration.remove_callee', [registration.id, session.id]));
      assert.equal(await session.call(ground.uri('mine')), 'mine');
   },
};
