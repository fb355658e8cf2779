// Joining and leaving.
'use strict';

const assert = require('assert').strict;
const { refused } = require('../ground');

module.exports = {
   'join is welcomed': async (ground) => {
      const { session, details } = await ground.here();
      assert(Number.isSafeInteger(session.id) && session.id >= 1, session.id);
      assert.equal(details.authmethod, 'anonymous');
      assert(details.roles.broker && details.roles.dealer, JSON.stringify(details.roles));
   },

   'sessions have ids of their own': async (ground) => {
      const peers = await Promise.all([1, 2, 3, 4, 5].map(() => ground.here()));
      assert.equal(new Set(peers.map((peer) => peer.session.id)).size, 5);
   },

   'goodbye is answered': async (ground) => {
      const peer = await ground.here();
      await peer.leave();
      assert.equal(peer.left, 'wamp.close.goodbye_and_out');
   },

   'unknown realm is refused': (ground) => refused(ground.here({ realm: 'no.such.realm' }), 'wamp.error.no_such_realm'),
};
